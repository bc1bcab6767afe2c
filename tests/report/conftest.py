"""Evidence as the pipeline makes it, for the pages, summaries and artifacts under test."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from penstock.contracts import Contract, ContractColumn, Rule, RuleKind
from penstock.model import (
    BatchId,
    Choice,
    Column,
    ColumnProfile,
    Condition,
    Evidence,
    Example,
    FileRef,
    Finding,
    Frequency,
    IngestedFile,
    Option,
    Outcome,
    Profile,
    ReferenceUse,
    ReleaseId,
    RowCounts,
    RuleResult,
    SampleRow,
    Severity,
    Split,
)

HOSTILE = '<script>alert("x")</script>'
DAY = datetime(2010, 12, 6, tzinfo=UTC)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ref(name: str, *, rows: int | None = None, size: int = 48_213) -> FileRef:
    digest = sha(name)
    uri = f"file:///var/penstock/objects/{digest[:2]}/{digest}"
    return FileRef(uri=uri, digest=digest, size=size, rows=rows)


def landed(
    name: str, *, records: int | None, typed: int, miscast: int = 0, lost: int = 0
) -> IngestedFile:
    return IngestedFile(
        uri=f"s3://landing/retail/{name}",
        version="v1",
        raw=ref(name, size=143_002),
        records=records,
        rows_typed=typed,
        rows_miscast=miscast,
        records_rejected=lost,
    )


def rule(name: str, kind: str, columns: str, **given: object) -> RuleResult:
    defaults: dict[str, object] = {
        "severity": Severity.MEDIUM,
        "outcome": Outcome.PASSED,
        "observed": "0 rows failed",
        "rows_checked": 2310,
        "rows_failed": 0,
        "splits_rows": True,
        "expected": "a value",
    }
    return RuleResult(rule=name, kind=kind, columns=tuple(columns.split()), **(defaults | given))


@pytest.fixture
def contract() -> Contract:
    columns = (
        ContractColumn(
            name="invoice",
            type="VARCHAR",
            severity=Severity.HIGH,
            line=14,
            description="number of the invoice",
        ),
        ContractColumn(name="stock_code", type="VARCHAR", severity=Severity.MEDIUM, line=19),
        ContractColumn(name="description", type="VARCHAR", severity=Severity.LOW, line=24),
        ContractColumn(
            name="quantity",
            type="INTEGER",
            severity=Severity.HIGH,
            line=28,
            description="pieces sold; never negative, returns land elsewhere",
        ),
        ContractColumn(name="invoiced_at", type="TIMESTAMP", severity=Severity.HIGH, line=36),
        ContractColumn(name="unit_price", type="DECIMAL(12,2)", severity=Severity.HIGH, line=41),
        ContractColumn(
            name="customer",
            type="VARCHAR",
            severity=Severity.LOW,
            sensitive=True,
            line=47,
            description="customer number",
        ),
        ContractColumn(name="country", type="VARCHAR", severity=Severity.LOW, line=52),
    )
    rules = (
        Rule(
            id="quantity.range",
            kind=RuleKind.RANGE,
            columns=("quantity",),
            severity=Severity.HIGH,
            arguments={"minimum": 1},
            line=31,
        ),
    )
    return Contract(
        id="retail",
        version="1.0.0",
        dataset="retail",
        columns=columns,
        rules=rules,
        digest=sha("contract"),
        source="s3://config/contracts/retail.odcs.yaml",
    )


@pytest.fixture
def digest() -> str:
    return sha("evidence")


@pytest.fixture
def held() -> Evidence:
    """A retail day on which the till exported returns as negative sales."""
    return held_day()


@pytest.fixture
def unreadable() -> Evidence:
    """Two files, one of them a gzip that was cut off: its records cannot be counted."""
    return unreadable_day()


@pytest.fixture
def clean() -> Evidence:
    """A day on which every rule passed and nothing was unusual."""
    return clean_day()


@pytest.fixture
def hostile() -> Evidence:
    """Evidence with markup in every value that a producer can reach."""
    return hostile_day()


def held_day() -> Evidence:
    file = landed("2010-12-06.csv.gz", records=2310, typed=2306, miscast=3, lost=1)
    weeks = (2148, 2306, 2011, 1893, 2240, 2399, 1987, 2105, 2360, 2287, 2190, 2051, 1940, 2222,
             2318, 2120, 2075, 2266, 2004, 2155, 2201)  # fmt: skip
    findings = (
        Finding(
            id="validate:quantity.range",
            kind="range",
            message="212 rows have a `quantity` below 1; ask the till team whether returns were"
            " exported as sales.",
            severity=Severity.HIGH,
            column="quantity",
            rule="quantity.range",
            expected="at least 1",
            observed="212 of 2,306 rows below 1, lowest -80",
            rows=212,
            rows_share=212 / 2310,
            examples=tuple(
                Example(file=file.uri, record=record, value=value)
                for record, value in ((17, "-1"), (18, "-12"), (240, "-80"))
            ),
        ),
        Finding(
            id="detect:quantity.mean",
            kind="level",
            message="The mean of quantity is 3.1, far below what the last 21 batches had.",
            severity=Severity.MEDIUM,
            column="quantity",
            expected="between 7.9 and 14.6",
            observed="3.1",
            method="level over 21 batches",
            series=(
                11.2,
                10.4,
                12.8,
                9.9,
                10.8,
                11.9,
                12.2,
                9.4,
                10.1,
                11.0,
                13.1,
                12.0,
                10.7,
                9.8,
                11.4,
                12.5,
                10.2,
                11.7,
                10.9,
                12.3,
                11.1,
                3.1,
            ),
            band=(7.9, 14.6),
        ),
        Finding(
            id="ingest:cast",
            kind="cast",
            message="3 rows have an invoiced_at that is no timestamp.",
            severity=Severity.MEDIUM,
            column="invoiced_at",
            rule="invoiced_at.type",
            expected="TIMESTAMP",
            observed="3 rows could not be cast",
            rows=3,
            rows_share=3 / 2310,
            examples=(Example(file=file.uri, record=77, value="06/12/2010 8h34"),),
        ),
        Finding(
            id="validate:customer.required",
            kind="required",
            message="812 rows have no customer.",
            severity=Severity.LOW,
            column="customer",
            rule="customer.required",
            expected="a value",
            observed="812 rows without one",
            rows=812,
            rows_share=812 / 2310,
            examples=(Example(file=file.uri, record=3, value="17850"),),
        ),
        Finding(
            id="detect:rows",
            kind="row_count",
            message="2,310 rows are as many as expected for a Monday.",
            severity=Severity.LOW,
            expected="between 1,750 and 2,600",
            observed="2,310",
            method="same weekday",
            series=(*weeks, 2310.0),
            band=(1750.0, 2600.0),
        ),
    )
    rules = (
        rule("invoice.required", "required", "invoice", severity=Severity.HIGH, contract_line=16),
        rule(
            "quantity.range", "range", "quantity", severity=Severity.HIGH, outcome=Outcome.FAILED,
            expected="at least 1", observed="212 rows below 1", rows_failed=212, contract_line=31,
        ),
        rule(
            "unit_price.range", "range", "unit_price", expected="at least 0", contract_line=44,
        ),
        rule(
            "invoiced_at.type", "type", "invoiced_at", severity=Severity.HIGH,
            outcome=Outcome.FAILED, expected="TIMESTAMP", observed="3 rows could not be cast",
            rows_failed=3, contract_line=36,
        ),
        rule(
            "customer.required", "required", "customer", severity=Severity.LOW,
            outcome=Outcome.FAILED, observed="812 rows without one", rows_failed=812,
            contract_line=49,
        ),
        rule(
            "stock_code.reference", "reference", "stock_code", outcome=Outcome.UNKNOWN,
            expected="a code of table products", observed="not checked", rows_checked=0,
            reason="table products is not published yet", contract_line=22,
        ),
        rule("rows.count", "row_count", "", expected="between 500 and 20,000 rows",
             observed="2,310 rows", splits_rows=False, contract_line=60),
    )  # fmt: skip
    samples = tuple(
        SampleRow(
            file=file.uri,
            record=record,
            cells={
                "invoice": f"C5372{record:02d}",
                "stock_code": code,
                "description": text,
                "quantity": quantity,
                "invoiced_at": at,
                "unit_price": price,
                "customer": "•••",
                "country": "United Kingdom",
            },
            reasons=reasons,
        )
        for record, code, text, quantity, at, price, reasons in (
            (17, "22811", "SET OF 6 T-LIGHTS CACTI ", "-1", "2010-12-06 08:34:00", "2.95",
             ("quantity: -1 is below 1",)),
            (18, "21713", "CITRONELLA CANDLE FLOWERPOT", "-12", "2010-12-06 08:34:00", "2.10",
             ("quantity: -12 is below 1",)),
            (77, "22927", None, "-3", "06/12/2010 8h34", "5.95",
             ("invoiced_at: cannot be read: '06/12/2010 8h34' (no TIMESTAMP)",
              "quantity: -3 is below 1")),
            (240, "84997B", "", "-80", "2010-12-06 09:58:00", "0.42",
             ("quantity: -80 is below 1",)),
        )
    )  # fmt: skip
    return Evidence(
        batch=BatchId(sha("batch")),
        release=ReleaseId(sha("release")),
        dataset="retail",
        workflow="retail@3",
        contract="retail@1.0.0",
        claim=sha("claim"),
        requested_by="watcher@worker-1",
        files=(file,),
        columns=tuple(Column(name=c.name, type=c.type) for c in retail_profile(rows=0).columns),
        typed=ref("typed", rows=2306),
        miscast=ref("miscast", rows=3),
        rejects=ref("rejects", rows=1),
        split=Split(
            clean=ref("clean", rows=2094), failed=ref("failed", rows=215), rows_clean=2094,
            rows_failed=212,
        ),
        rules=rules,
        findings=findings,
        agents=("validate=validate/1:judged", "detect=detect/1:judged"),
        profile=retail_profile(rows=2306),
        history=tuple(BatchId(sha(f"batch {day}")) for day in range(21)),
        references=(ReferenceUse(table="products", snapshot=None, rows=0),),
        remainder_worst=Severity.LOW,
        samples=samples,
        tags={"dataset": "retail", "quality": "failed", "worst": "high"},
        gate=(Condition(field="severity", op="ge", value="high"),),
        asks=("a finding of severity high reaches the gate's threshold (severity at least high).",),
        automatic=None,
        options=(
            Option(choice=Choice.APPROVE, rows=counts(2310, published=2306, aside=3, lost=1)),
            Option(choice=Choice.QUARANTINE, rows=counts(2310, published=2094, aside=215, lost=1)),
            Option(choice=Choice.REJECT, rows=counts(2310, lost=2310)),
        ),
    )  # fmt: skip


def unreadable_day() -> Evidence:
    files = (
        landed("2010-12-07.csv.gz", records=1200, typed=1200),
        landed("2010-12-07-part2.csv.gz", records=None, typed=0),
    )
    finding = Finding(
        id="ingest:unreadable:2",
        kind="unreadable",
        message="2010-12-07-part2.csv.gz: the gzip stream ends after 81,920 bytes. Compress the"
        " file again and land it anew.",
        severity=Severity.CRITICAL,
        expected="a complete gzip file",
        observed="ends early",
        examples=(Example(file=files[1].uri),),
    )
    return held_day().model_copy(
        update={
            "files": files,
            "findings": (finding,),
            "miscast": None,
            "rejects": None,
            "split": Split(clean=None, failed=None, rows_clean=1200, rows_failed=0),
            "rules": held_day().rules[:1],
            "agents": ("validate=validate/1:judged", "detect=detect/1:learning"),
            "history": (),
            "remainder_worst": None,
            "samples": (),
            "profile": retail_profile(rows=1200),
            "asks": ("the records of 2010-12-07-part2.csv.gz could not be counted.",),
            "options": (Option(choice=Choice.REJECT, rows=counts(None)),),
        }
    )


def clean_day() -> Evidence:
    rows = RowCounts(landed=2310, published=2310, quarantined=0, rejected=0)
    return held_day().model_copy(
        update={
            "files": (landed("2010-12-08.csv.gz", records=2310, typed=2310),),
            "typed": ref("typed clean", rows=2310),
            "findings": (),
            "miscast": None,
            "rejects": None,
            "split": Split(clean=None, failed=None, rows_clean=2310, rows_failed=0),
            "rules": tuple(
                result.model_copy(
                    update={"outcome": Outcome.PASSED, "rows_failed": 0, "observed": "all rows",
                            "reason": None}
                )
                for result in held_day().rules
            ),
            "samples": (),
            "remainder_worst": None,
            "profile": retail_profile(rows=2310),
            "tags": {"dataset": "retail", "quality": "passed"},
            "asks": (),
            "automatic": rows,
            "options": (),
        }
    )  # fmt: skip


def hostile_day() -> Evidence:
    evidence = held_day()
    turned = f"{HOSTILE}\u202egnp.exe\x00\x1b[31m"
    finding = Finding(
        id="x", kind=HOSTILE, message=turned, severity=Severity.HIGH, column=HOSTILE, rule=HOSTILE,
        expected=HOSTILE, observed=HOSTILE, method=HOSTILE, series=(1.0, 2.0), band=(0.0, None),
        examples=(Example(file=f"s3://landing/{HOSTILE}", record=1, value=turned),),
    )  # fmt: skip
    sample = SampleRow(
        file=f"s3://landing/{HOSTILE}.csv", record=1, cells={HOSTILE: turned}, reasons=(HOSTILE,)
    )
    column = ColumnProfile(
        name=HOSTILE, type=HOSTILE, missing=0, minimum=HOSTILE, maximum=HOSTILE,
        frequencies=(Frequency(value=HOSTILE, rows=3),),
    )  # fmt: skip
    return evidence.model_copy(
        update={
            "dataset": HOSTILE,
            "requested_by": HOSTILE,
            "workflow": HOSTILE,
            "contract": HOSTILE,
            "agents": (f"{HOSTILE}={HOSTILE}:{HOSTILE}",),
            "files": (evidence.files[0].model_copy(update={"uri": f"s3://{HOSTILE}"}),),
            "findings": (finding,),
            "samples": (sample,),
            "rules": (rule(HOSTILE, "range", "x", expected=HOSTILE, observed=HOSTILE,
                           reason=HOSTILE, outcome=Outcome.UNKNOWN),),
            "profile": Profile(rows=3, columns=(column,), engine=HOSTILE),
            "references": (ReferenceUse(table=HOSTILE, snapshot=1, rows=1),),
            "tags": {HOSTILE: HOSTILE},
            "gate": (Condition(field=HOSTILE, op=HOSTILE, value=HOSTILE),),
            "asks": (HOSTILE,) * 5,
        }
    )  # fmt: skip


def counts(landed: int | None, *, published: int = 0, aside: int = 0, lost: int = 0) -> RowCounts:
    return RowCounts(landed=landed, published=published, quarantined=aside, rejected=lost)


def retail_profile(*, rows: int) -> Profile:
    return Profile(
        rows=rows,
        columns=(
            ColumnProfile(name="invoice", type="VARCHAR", missing=0, distinct=121,
                          minimum="537226", maximum="C537347"),
            ColumnProfile(name="stock_code", type="VARCHAR", missing=0, distinct=1148,
                          minimum="10002", maximum="POST"),
            ColumnProfile(name="description", type="VARCHAR", missing=4, distinct=1190,
                          minimum=" 4 PURPLE FLOCK DINNER CANDLES", maximum="ZINC T-LIGHT HOLDER"),
            ColumnProfile(name="quantity", type="INTEGER", missing=0, distinct=74, minimum="-80",
                          maximum="1440", mean=3.1042, stddev=48.2,
                          quantiles=(-12.0, 1.0, 3.0, 10.0, 25.0), zeros=0, negatives=212),
            ColumnProfile(name="invoiced_at", type="TIMESTAMP", missing=0, distinct=118,
                          minimum="2010-12-06 08:34:00", maximum="2010-12-06 18:14:00"),
            ColumnProfile(name="unit_price", type="DECIMAL(12,2)", missing=0, distinct=88,
                          minimum="0.00", maximum="569.77", mean=4.317,
                          quantiles=(0.42, 1.25, 2.1, 4.21, 9.95), zeros=6),
            ColumnProfile(name="customer", type="VARCHAR", missing=812, distinct=97,
                          minimum="12433", maximum="18239",
                          frequencies=(Frequency(value="17850", rows=40),)),
            ColumnProfile(name="country", type="VARCHAR", missing=0, distinct=5,
                          minimum="Australia", maximum="United Kingdom",
                          frequencies=(Frequency(value="United Kingdom", rows=2201),
                                       Frequency(value="Germany", rows=61),
                                       Frequency(value="France", rows=44))),
        ),
        engine="duckdb-2",
    )  # fmt: skip
