from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.contracts import Contract, CsvDialect, DriftMode, Rule, RuleKind
from penstock.model import Severity

Read = Callable[..., Contract]


def rule(contract: Contract, name: str) -> Rule:
    (found,) = [rule for rule in contract.rules if rule.id == name]
    return found


@pytest.mark.parametrize(
    ("declared", "duckdb"),
    [
        ("logicalType: string", "VARCHAR"),
        ("logicalType: integer", "BIGINT"),
        ("logicalType: integer, logicalTypeOptions: {format: i32}", "INTEGER"),
        ("logicalType: number", "DOUBLE"),
        ("logicalType: number, physicalType: 'DECIMAL(12, 2)'", "DECIMAL(12,2)"),
        ("physicalType: numeric(9)", "DECIMAL(9,0)"),
        ("logicalType: boolean", "BOOLEAN"),
        ("logicalType: date", "DATE"),
        ("logicalType: time", "TIME"),
        ("logicalType: timestamp", "TIMESTAMP"),
        (
            "logicalType: timestamp, logicalTypeOptions: {timezone: true}",
            "TIMESTAMP WITH TIME ZONE",
        ),
        ("physicalType: timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("physicalType: real", "FLOAT"),
        ("physicalType: varchar(20)", "VARCHAR"),
        ("physicalType: smallint", "INTEGER"),
    ],
)
def test_declared_types_become_duckdb_types(of_columns: Read, declared: str, duckdb: str) -> None:
    contract = of_columns(f"- {{name: a, {declared}}}")

    assert contract.columns[0].type == duckdb
    assert rule(contract, "a.type").arguments == {"type": duckdb}


def test_sizes_that_duckdb_does_not_hold_become_rules(of_columns: Read) -> None:
    contract = of_columns("""
- {name: a, physicalType: varchar(20)}
- {name: b, physicalType: utinyint}
- {name: c, logicalType: integer, logicalTypeOptions: {format: i16, minimum: 5}}
""")

    assert rule(contract, "a.length").arguments == {"maximum": 20}
    assert rule(contract, "b.range").arguments == {"minimum": 0, "maximum": 255}
    assert rule(contract, "c.range").arguments == {"minimum": 5, "maximum": 32767}


def test_rules_carry_the_line_that_states_them(of_columns: Read) -> None:
    contract = of_columns("""
- name: quantity
  logicalType: integer
  required: true
  logicalTypeOptions:
    minimum: 0
    maximum: 10000
""")

    assert rule(contract, "quantity.required").line == 10
    assert rule(contract, "quantity.range").line == 12
    assert rule(contract, "quantity.range").arguments == {"minimum": 0, "maximum": 10000}
    assert contract.columns[0].line == 8


def test_a_single_primary_key_is_required_and_unique(of_columns: Read) -> None:
    contract = of_columns("- {name: id, logicalType: integer, primaryKey: true, unique: true}")

    assert [r.id for r in contract.rules] == ["id.type", "id.required", "id.unique"]


def test_a_composite_primary_key_follows_its_positions(of_columns: Read) -> None:
    contract = of_columns("""
- {name: a, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}
- {name: b, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
""")

    assert rule(contract, "primary_key").columns == ("b", "a")
    assert {r.id for r in contract.rules} >= {"a.required", "b.required"}


def test_limits_keep_every_digit(of_columns: Read) -> None:
    contract = of_columns("""
- name: a
  physicalType: DECIMAL(38,2)
  logicalTypeOptions: {maximum: "123456789012345678901234567890123456.78"}
""")

    assert rule(contract, "a.range").arguments == {
        "maximum": "123456789012345678901234567890123456.78"
    }


def test_limits_of_dates_are_iso_text(of_columns: Read) -> None:
    contract = of_columns("""
- {name: a, logicalType: date, logicalTypeOptions: {minimum: 2020-01-01}}
- name: b
  logicalType: timestamp
  logicalTypeOptions: {timezone: true, exclusiveMaximum: "2020-01-01T02:00:00+02:00"}
""")

    assert rule(contract, "a.range").arguments == {"minimum": "2020-01-01"}
    assert rule(contract, "b.range").arguments == {"exclusive_maximum": "2020-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("java", "strptime"),
    [
        ("yyyy-MM-dd", "%Y-%m-%d"),
        ("dd.MM.yy HH:mm:ss.SSS", "%d.%m.%y %H:%M:%S.%g"),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "%Y-%m-%dT%H:%M:%S%z"),
        ("d/M/yyyy h:mm a", "%-d/%-m/%Y %-I:%M %p"),
        ("%d/%m/%Y", "%d/%m/%Y"),
    ],
)
def test_java_date_formats_are_translated(of_columns: Read, java: str, strptime: str) -> None:
    contract = of_columns(f"""
- name: a
  logicalType: timestamp
  logicalTypeOptions: {{format: "{java}"}}
""")

    assert contract.columns[0].format == strptime


def test_quality_metrics_that_allow_nothing_are_about_rows(of_columns: Read) -> None:
    contract = of_columns("""
- name: a
  logicalType: string
  quality:
    - {metric: nullValues, mustBe: 0}
    - {metric: missingValues, arguments: {missingValues: [null, "", N/A]}, mustBeLessThan: 1}
    - {metric: duplicateValues, mustBe: 0, unit: percent}
    - {name: known, metric: invalidValues, arguments: {validValues: [x, y]}, mustBe: 0}
    - {name: form, metric: invalidValues, arguments: {pattern: "^[a-z]"}, mustBeLessOrEqualTo: 0}
""")

    assert [(r.id, r.kind, r.splits_rows) for r in contract.rules[1:]] == [
        ("a.null_values", RuleKind.REQUIRED, True),
        ("a.missing_values", RuleKind.MISSING, True),
        ("a.duplicate_values", RuleKind.UNIQUE, True),
        ("a.known", RuleKind.SET, True),
        ("a.form", RuleKind.PATTERN, True),
    ]
    assert rule(contract, "a.missing_values").arguments == {"values": ["", "N/A"], "nulls": True}


def test_quality_metrics_with_a_tolerance_are_about_the_batch(of_columns: Read) -> None:
    contract = of_columns("""
- name: a
  logicalType: string
  quality:
    - {metric: nullValues, mustBeLessThan: 5, unit: percent}
""")

    found = rule(contract, "a.null_values")
    assert found.arguments == {"tolerance": {"op": "lt", "values": [5], "unit": "percent"}}
    assert not found.splits_rows
    assert found.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("threshold", "limits"),
    [
        ("mustBe: 5", {"minimum": 5, "maximum": 5}),
        ("mustNotBe: 0", {"minimum": 1}),
        ("mustBeGreaterThan: 5", {"minimum": 6}),
        ("mustBeGreaterOrEqualTo: 5", {"minimum": 5}),
        ("mustBeLessThan: 5", {"maximum": 4}),
        ("mustBeLessOrEqualTo: 5", {"maximum": 5}),
        ("mustBeBetween: [1, 5]", {"minimum": 1, "maximum": 5}),
    ],
)
def test_row_counts_have_limits(of_columns: Read, threshold: str, limits: dict[str, int]) -> None:
    contract = of_columns(
        "- {name: a, logicalType: string}",
        table=f"quality: [{{metric: rowCount, {threshold}}}]",
    )

    assert rule(contract, "row_count").arguments == limits
    assert rule(contract, "row_count").severity is Severity.HIGH


def test_prose_becomes_a_rule_that_is_never_passed(of_columns: Read) -> None:
    contract = of_columns(
        "- {name: a, logicalType: string}",
        table="quality: [{type: text, description: Totals agree}]",
    )

    found = rule(contract, "totals_agree")
    assert (found.kind, found.severity) == (RuleKind.TEXT, Severity.LOW)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("info", Severity.LOW),
        ("warning", Severity.MEDIUM),
        ("error", Severity.HIGH),
        ("critical", Severity.CRITICAL),
        ("Low", Severity.LOW),
        ("whatever", Severity.HIGH),
    ],
)
def test_severities_are_read_in_both_vocabularies(
    of_columns: Read, word: str, severity: Severity
) -> None:
    contract = of_columns(f"""
- name: a
  logicalType: string
  quality: [{{metric: nullValues, mustBe: 0, severity: {word}}}]
""")

    assert rule(contract, "a.null_values").severity is severity


def test_a_critical_column_has_severe_rules(of_columns: Read) -> None:
    contract = of_columns("""
- {name: a, logicalType: string, required: true}
- {name: b, logicalType: string, required: true, criticalDataElement: true}
- name: c
  logicalType: string
  required: true
  customProperties: [{property: penstock.severity, value: low}]
""")

    severities = {name: rule(contract, f"{name}.required").severity for name in "abc"}
    assert severities == {"a": Severity.MEDIUM, "b": Severity.HIGH, "c": Severity.LOW}
    assert [c.severity for c in contract.columns] == [
        Severity.HIGH,
        Severity.CRITICAL,
        Severity.HIGH,
    ]


def test_classified_columns_are_sensitive(of_columns: Read) -> None:
    contract = of_columns("""
- {name: a, logicalType: string, classification: confidential}
- {name: b, logicalType: string, classification: Public}
- {name: c, logicalType: string, classification: made up}
- {name: d, logicalType: string, customProperties: [{property: penstock.sensitive, value: true}]}
- {name: e, logicalType: string, logicalTypeOptions: {format: password}}
- {name: f, logicalType: string}
""")

    assert [c.sensitive for c in contract.columns] == [True, False, True, True, True, False]


def test_relationships_refer_to_other_tables(of_columns: Read) -> None:
    contract = of_columns(
        """
- {name: a, logicalType: string, relationships: [{to: customers.id}]}
- {name: b, logicalType: string}
""",
        table="relationships: [{from: orders.b, to: countries.code}]",
    )

    assert rule(contract, "a.reference.customers").arguments == {
        "table": "customers",
        "column": "id",
    }
    assert rule(contract, "b.reference.countries").columns == ("b",)


def test_freshness_is_read_from_service_levels(of_columns: Read) -> None:
    contract = of_columns(
        "- {name: at, logicalType: timestamp}",
        top="""\
slaProperties:
  - {property: freshness, value: 26, unit: h, element: orders.at}
  - {property: retention, value: 3, unit: y}
""",
    )

    assert rule(contract, "at.freshness").arguments == {"within_s": 26 * 3600}


def test_own_properties_are_read_from_the_table_or_the_top(of_columns: Read) -> None:
    contract = of_columns(
        """
- {name: a, logicalType: date}
- {name: b, logicalType: timestamp}
""",
        table="""
customProperties:
  - {property: penstock.compare, value: [{left: a, op: le, right: b, severity: low}]}
  - {property: owner.floor, value: 3}
""",
        top="""\
customProperties:
  - {property: penstock.csv, value: {delimiter: ";", nulls: ["", "NULL"]}}
  - {property: penstock.drift, value: {columns: discard_value}}
""",
    )

    assert contract.csv == CsvDialect(delimiter=";", nulls=("", "NULL"))
    assert contract.drift.columns is DriftMode.DISCARD_VALUE
    assert rule(contract, "a.le.b").severity is Severity.LOW


def test_a_column_may_have_any_name(of_columns: Read) -> None:
    contract = of_columns("""- {name: '"; DROP TABLE x', logicalType: string, required: true}""")

    assert contract.columns[0].name == '"; DROP TABLE x'
