"""One landing full of bad files, drained once: each is named with its place and remedy.

Bad batches are held, and wait for a steward; good ones between them are published; nothing is lost.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from penstock.errors import PenstockError
from penstock.flows import drain
from penstock.model import BatchRecord, Choice, Evidence, Finding, Request
from penstock.stores import join_uri, open_store
from workbench import CONTRACT, Workbench

pytestmark = [pytest.mark.timeout(300)]

HEADER = "id,item,pieces"
SHORT_LINES = """
    customProperties:
      - {property: penstock.csv, value: {max_line_bytes: 1048576}}
"""


def csv(*lines: str, header: str = HEADER) -> bytes:
    return ("\n".join([header, *lines]) + "\n").encode()


def rows(start: int, count: int = 6) -> list[str]:
    """Lines that keep the contract; each case has its own ids, so that no content lands twice."""
    return [f"{number},item {number},{number % 50}" for number in range(start, start + count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file that lands, and what must be said of it."""

    id: str
    content: bytes
    name: str = "file.csv"
    kind: str
    """Kind of the finding that names what is wrong."""
    says: tuple[str, ...]
    """What its message says, besides the file's name."""
    value: str | None = None
    """What the finding's first example shows of the data."""
    counted: int | None = None
    """Records of the file; None where they cannot be counted."""
    rejected: int = 0
    options: tuple[str, ...] = ("approve", "reject")

    @property
    def key(self) -> str:
        return f"{self.id}-{self.name}"


NOT_READ = ("reject",)

HELD = [
    Case(
        id="empty",
        content=b"",
        kind="empty_file",
        says=("is empty", "land the file again"),
        counted=0,
        options=NOT_READ,
    ),
    Case(
        id="header-only",
        content=csv(),
        kind="no_records",
        says=("Ask the producer",),
        counted=0,
        options=NOT_READ,
    ),
    Case(
        id="truncated-gzip",
        name="file.csv.gz",
        content=gzip.compress(csv(*rows(100, 2000)))[:-400],
        kind="truncated_file",
        says=("ends in the middle", "Land the file again, whole"),
        options=NOT_READ,
    ),
    Case(
        id="no-gzip-at-all",
        name="file.csv.gz",
        content=csv(*rows(200)),
        kind="damaged_file",
        says=("is not intact gzip data", "Land the file again, whole"),
        options=NOT_READ,
    ),
    Case(
        id="garbage",
        content=bytes(range(1, 256)) * 20,
        kind="no_known_column",
        says=("header line", "delimiter", "'id', 'item', 'pieces'"),
        options=NOT_READ,
    ),
    Case(
        id="ragged",
        content=csv(*rows(300), "306,too,many,fields", "307", *rows(308)),
        kind="ragged",
        says=("record 7", "4 fields instead of 3", "Quote fields"),
        value="306,too,many,fields",
        counted=14,
        rejected=2,
    ),
    Case(
        id="unterminated-quote",
        content=csv(*rows(400), '406,"never closed,6', *rows(407)),
        kind="unterminated_quote",
        says=("field 2 of record 7 (byte 105)", "Close the quote"),
        counted=None,
        options=NOT_READ,
    ),
    Case(
        id="latin-1",
        content=csv(*rows(500)) + "506,Grün,6\n".encode("latin-1"),
        kind="encoding",
        says=("record 7", "encoding"),
        counted=7,
        rejected=1,
    ),
    Case(
        id="nul",
        content=csv(*rows(600), "606,nu\0l,6"),
        kind="nul",
        says=("record 7", "NUL"),
        counted=7,
        rejected=1,
    ),
    Case(
        id="duplicate-headers",
        content=csv(*rows(700), header="id,item,item"),
        kind="duplicate_header",
        says=("'item' 2 times, as columns 2 and 3", "Give every column its own name"),
        options=NOT_READ,
    ),
    Case(
        id="huge-field",
        content=csv(*rows(800), f'806,"{"x" * 3_000_000}",6'),
        kind="too_long",
        says=("record 7", "max_line_bytes"),
        counted=7,
        rejected=1,
    ),
    Case(
        id="missing-column",
        content=csv(*(f"{n},item {n}" for n in range(900, 906)), header="id,item"),
        kind="missing_column",
        says=("pieces",),
        counted=6,
    ),
    Case(
        id="extra-column",
        content=csv(*(f"{n},item {n},1,x" for n in range(1000, 1006)), header=f"{HEADER},more"),
        kind="extra_column",
        says=("more",),
        counted=6,
    ),
]


@dataclass(kw_only=True)
class Night:
    """What one drain made of everything that had landed."""

    bench: Workbench
    landed: dict[str, bytes]
    tally: dict[str, int]

    def record(self, key: str) -> BatchRecord:
        evidence = {
            file.uri.rpartition("/")[2]: record
            for record in self.bench.batches()
            for file in self.evidence(record).files
        }
        return evidence[key]

    def evidence(self, record: BatchRecord) -> Evidence:
        assert record.evidence is not None
        return Evidence.decoded(self.bench.tools.objects.read(record.evidence))

    def request(self, key: str) -> Request:
        batch = self.record(key).batch
        (request,) = self.bench.tools.ledger.requests(state=None, batch=batch)
        return request

    def finding(self, case: Case) -> Finding:
        findings = self.evidence(self.record(case.key)).findings
        found = [finding for finding in findings if finding.kind == case.kind]
        assert found, [(finding.kind, finding.message) for finding in findings]
        return found[0]


@pytest.fixture(scope="module")
def night(
    prefect_server: None,  # noqa: ARG001 - must be up first
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Night]:
    root = tmp_path_factory.mktemp("night")
    bench = Workbench(home=root / "home", root=str(root))
    bench.configure(contract=CONTRACT + SHORT_LINES)
    landed = {case.key: case.content for case in HELD}
    landed |= {"reordered.csv": csv("7,2000,a", "8,2001,b", header="pieces,id,item")}
    landed |= {f"good-{n}.csv": csv(*rows(n * 1000)) for n in range(3, 6)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bench.settings.environment().items():
            patch.setenv(name, value)
        for name, content in landed.items():
            bench.land(name, content)
        yield Night(bench=bench, landed=landed, tally=drain("orders"))


@pytest.mark.parametrize("case", HELD, ids=lambda case: case.id)
def test_a_bad_file_is_held_with_file_place_value_and_remedy(night: Night, case: Case) -> None:
    finding = night.finding(case)

    assert case.key in finding.message
    for words in case.says:
        assert words in finding.message
    assert finding.severity.rank >= 2
    if case.value is not None:
        assert finding.examples[0].value == case.value
        assert finding.examples[0].record is not None
    assert night.record(case.key).state.value in {"held", "rejected"}
    assert tuple(choice.value for choice in night.request(case.key).options) == case.options


def test_a_field_of_three_megabytes_that_the_contract_allows_is_published_whole(
    bench: Workbench,
) -> None:
    bench.land("a.csv", csv(*rows(1), f'7,"{"x" * 3_000_000}",7'))

    assert drain("orders") == {"published": 1}

    assert bench.published()[-1] == (7, "x" * 3_000_000, 7)
    (record,) = bench.batches()
    assert record.page is not None
    assert record.page.size < 1_000_000


@pytest.mark.parametrize("case", HELD, ids=lambda case: case.id)
def test_every_record_of_a_bad_file_is_accounted_for(night: Night, case: Case) -> None:
    evidence = night.evidence(night.record(case.key))
    (file,) = evidence.files

    assert file.records == case.counted
    assert file.records_rejected == case.rejected
    for option in evidence.options:
        assert option.rows.is_conserved or option.rows.landed is None
        assert option.rows.published == 0 or option.rows.landed is not None
    assert night.bench.tools.objects.read(file.raw) == case.content


def test_good_batches_between_bad_ones_are_published_alone(night: Night) -> None:
    assert night.tally == {"held": len(HELD), "published": 4}
    assert [row[0] for row in night.bench.published()] == [
        *(2000, 2001),
        *(n * 1000 + row for n in range(3, 6) for row in range(6)),
    ]


def test_columns_in_another_order_are_published_by_name(night: Night) -> None:
    assert night.bench.published()[:2] == [(2000, "a", 7), (2001, "b", 8)]
    findings = night.evidence(night.record("reordered.csv")).findings
    assert "reordered_columns" in {finding.kind for finding in findings}


def test_nothing_is_left_in_scratch_and_the_landing_is_untouched(night: Night) -> None:
    scratch = night.bench.settings.scratch
    landing = open_store(night.bench.landing_uri)

    assert [path.name for path in scratch.iterdir() if path.name != "objects"] == []
    assert {info.key: landing.get(info.key) for info in landing.list()} == night.landed
    assert {path.name for path in (Path(night.bench.root) / "landing").iterdir()} == set(
        night.landed
    )


def test_rejecting_all_that_is_held_publishes_nothing_of_it(night: Night) -> None:
    before = night.bench.published()
    for request in night.bench.tools.ledger.requests():
        night.bench.tools.ledger.decide(
            request.id, choice=Choice.REJECT, note="", by="ann", evidence=request.evidence
        )

    assert drain("orders") == {"rejected": len(HELD)}

    assert night.bench.published() == before
    for record in night.bench.batches():
        parts = (record.rows_published, record.rows_quarantined, record.rows_rejected)
        assert record.rows_landed in {None, sum(part or 0 for part in parts)}
    assert night.bench.tools.ledger.verify_audit() is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconfigured:
    """A file of the config that cannot be used, and what must be said of it."""

    id: str
    key: str
    text: bytes
    says: tuple[str, ...]


UNUSABLE = [
    Misconfigured(
        id="not YAML",
        key="workflows/orders.yaml",
        text=b"workflow: orders\nsteps: [ingest\ngate: {\n",
        says=("orders.yaml:3", "YAML"),
    ),
    Misconfigured(
        id="no text",
        key="workflows/orders.yaml",
        text=b"workflow: orders\n\xff\xfe\x00",
        says=("orders.yaml:2", "UTF-8"),
    ),
    Misconfigured(
        id="a list",
        key="workflows/orders.yaml",
        text=b"- orders\n",
        says=("orders.yaml:1", "mapping"),
    ),
    Misconfigured(
        id="empty",
        key="workflows/orders.yaml",
        text=b"",
        says=("orders.yaml", "empty"),
    ),
    Misconfigured(
        id="contract with an unknown rule",
        key="contracts/orders.yaml",
        text=CONTRACT.encode() + b"        quality:\n          - {metric: sparkle, mustBe: 0}\n",
        says=("contracts/orders.yaml:", "sparkle", "nullValues"),
    ),
    Misconfigured(
        id="contract with a misspelt key",
        key="contracts/orders.yaml",
        text=CONTRACT.replace("required: true", "requird: true").encode(),
        says=("contracts/orders.yaml:", "requird", "required"),
    ),
    Misconfigured(
        id="contract that is not YAML",
        key="contracts/orders.yaml",
        text=b"\tschema: [",
        says=("contracts/orders.yaml:1", "YAML"),
    ),
]


@pytest.mark.parametrize("case", UNUSABLE, ids=lambda case: case.id)
def test_a_config_that_cannot_be_used_is_named_and_others_go_on(
    bench: Workbench, case: Misconfigured
) -> None:
    add_workflow(bench, "returns")
    open_store(bench.settings.config_uri).put(case.key, case.text)
    bench.land("a.csv", csv(*rows(1)))
    open_store(bench.root).put("returns/b.csv", csv(*rows(1)))

    with pytest.raises(PenstockError) as refusal:
        drain()

    for words in case.says:
        assert words in str(refusal.value)
    assert bench.batches() == []
    assert [record.state for record in bench.tools.ledger.batches("returns")] == ["published"]
    assert bench.tools.tables.names() == ["returns"]


def add_workflow(bench: Workbench, name: str) -> None:
    """Configure a second dataset with files of its own."""
    config = open_store(bench.settings.config_uri)
    workflow = config.get("workflows/orders.yaml").decode()
    workflow = workflow.replace(bench.landing_uri, join_uri(bench.root, name))
    config.put(f"workflows/{name}.yaml", workflow.replace("orders", name).encode())
    config.put(f"contracts/{name}.yaml", CONTRACT.replace("orders", name).encode())
