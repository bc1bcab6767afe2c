"""What a contract cannot say is refused with file, line, place, value and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.contracts import Contract, load_contract, read_contract
from penstock.errors import ConfigError

Read = Callable[..., Contract]
HEAD = "kind: DataContract\napiVersion: v3.1.0\nid: shop\nversion: 1.0.0\n"
ONE = "schema: [{name: t, properties: [{name: a, logicalType: string}]}]\n"
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("   \n# nothing\n", 1, "is empty"),
        ("just words", 1, "not a mapping"),
        ("- a\n- b\n", 1, "not a mapping"),
        ("a: [1, 2", 1, "not YAML"),
        ("a: 1\n b: 2\n", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("\x89PNG\x00\x01", 1, r"U\+0089 is not allowed"),
        ("a: \x01", 1, r"U\+0001 is not allowed"),
        (BOMB, 1, "anchor &a is not allowed"),
        ("a: 1\nb: {c: *x}\n", 2, r"alias \*x is not allowed"),
        ("a: !!python/object:os.system x", 1, "The tag"),
        ("a: 1\nb: 2\na: 3\n", 3, "second time, first on line 1"),
        ("a: " + "[" * 60 + "]" * 60, 1, "nested more than 40 deep"),
        ("x" * (1 << 20) + "y", None, "characters; at most"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("? [a, b]\n: 1\n", 1, "key is not text"),
        ("id: .nan", 1, "no plain number"),
        ("id: 0.12345678901234567890123", 1, "more digits"),
    ],
)
def test_what_is_no_document_is_refused(text: str, line: int | None, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        read_contract(text, source="c.yaml")

    assert refused.value.file == "c.yaml"
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            HEAD.replace("DataContract", "Recipe") + ONE,
            1,
            "`kind` is 'Recipe': this is no data contract",
        ),
        (HEAD.replace("v3.1.0", "v9") + ONE, 2, "`apiVersion` is 'v9'.*Use one of v3"),
        (HEAD.replace("version: 1.0.0", "version: 1.0") + ONE, 4, "`version` is 1.0.*quotes"),
        (HEAD.replace("id: shop\n", "") + ONE, 1, "has no `id`"),
        (HEAD, 1, "has 0 tables"),
        (HEAD + "schema: [{name: a}, {name: b}]\n", 5, "has 2 tables.*one contract per table"),
        (HEAD + "schema: [{properties: []}]\n", 5, "no name"),
        (HEAD + "schema: [{name: t}]\n", 5, "no columns"),
        (HEAD + "scheme: []\n" + ONE, 5, "Did you mean 'schema'"),
    ],
)
def test_another_kind_of_document_is_refused(text: str, line: int | None, words: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}") as refused:
        read_contract(text, source="c.yaml")

    assert refused.value.line == line


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("logicalType: string, requird: true", r"requird.*Did you mean 'required'"),
        ("logicalType: string, required: 'yes'", r"required` is 'yes'.*valid boolean"),
        ("logicalType: text", r"logicalType` is 'text'.*Use one of string"),
        ("logicalType: array", r"logicalType` is 'array'"),
        ("physicalType: BLOB", r"physicalType` is 'BLOB'.*not known"),
        ("physicalType: DECIMAL", r"physicalType` is 'DECIMAL'.*size is missing"),
        ("physicalType: 'DECIMAL(50,2)'", r"1 to 38 digits"),
        ("physicalType: BIGINT(5)", r"no meaning"),
        ("logicalType: string, physicalType: BIGINT", r"contradicts"),
        ("required: true", r"the column has no type"),
        ("logicalType: integer, physicalName: b", r"physicalName` is 'b'"),
        ("logicalType: string, items: {logicalType: string}", r"nested"),
        ("logicalType: integer, logicalTypeOptions: {minimun: 1}", r"minimun` is 1.*not supported"),
        ("logicalType: integer, logicalTypeOptions: {multipleOf: 5}", r"multipleOf.*not supported"),
        ("logicalType: boolean, logicalTypeOptions: {minimum: 1}", r"not supported for.*BOOLEAN"),
        ("logicalType: integer, logicalTypeOptions: {minimum: 0.5}", r"is no BIGINT"),
        ("logicalType: integer, logicalTypeOptions: {minimum: true}", r"is no BIGINT"),
        ("logicalType: integer, logicalTypeOptions: {format: u64}", r"no table type"),
        ("logicalType: integer, logicalTypeOptions: {maximum: 99999999999999999999}", r"no BIGINT"),
        ("logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 1}", r"no value lies"),
        ("logicalType: number, logicalTypeOptions: {minimum: 1, exclusiveMaximum: 1}", r"no value"),
        ("logicalType: number, logicalTypeOptions: {minimum: 1, exclusiveMinimum: 1}", r"has both"),
        ("logicalType: date, logicalTypeOptions: {minimum: 1.1.2020}", r"is no DATE.*ISO 8601"),
        (
            "logicalType: date, logicalTypeOptions: {format: 'YYYY-ww'}",
            r"'YYYY' has no counterpart",
        ),
        ("logicalType: date, logicalTypeOptions: {format: '%Q'}", r"date format cannot be used"),
        ("logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Asia/Tokyo}", r"only UTC"),
        ("logicalType: string, logicalTypeOptions: {minLength: -1}", r"whole number from 0"),
        ("logicalType: string, logicalTypeOptions: {minLength: 3, maxLength: 2}", r"no length"),
        ("logicalType: string, logicalTypeOptions: {pattern: '(a'}", r"cannot be run.*RE2"),
        ("logicalType: string, logicalTypeOptions: {pattern: '(?=a)b'}", r"cannot be run.*look"),
        ("logicalType: string, logicalTypeOptions: {pattern: '(a)\\1'}", r"cannot be run"),
        ("logicalType: string, logicalTypeOptions: {format: iban}", r"format is not supported"),
        ("logicalType: integer, enum: [{value: a}]", r"enum\[0\].value` is 'a': it is no BIGINT"),
        ("logicalType: string, enum: [{value: 7}]", r"is no VARCHAR.*quotes"),
        ("logicalType: string, enum: [{label: x}]", r"is no VARCHAR"),
        (
            "logicalType: string, customProperties: [{property: penstock.sevrity, value: low}]",
            r"Known",
        ),
        (
            "logicalType: string, customProperties: [{property: penstok.severity, value: low}]",
            r"Known",
        ),
        ("logicalType: string, relationships: [{to: [a.b, a.c]}]", r"not one column"),
        ("logicalType: string, relationships: [{to: orders.id}]", r"cannot refer to itself"),
        ("logicalType: string, relationships: [{to: /schema/x}]", r"not a column of a table"),
        ("logicalType: string, relationships: [{to: c.id, type: uses}]", r"not known"),
    ],
)
def test_a_column_that_is_not_understood_is_refused(
    of_columns: Read, column: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}") as refused:
        of_columns(f"- {{name: a, {column}}}")

    assert refused.value.line == 8
    assert "schema[0].properties[0]" in str(refused.value)
    assert str(refused.value).startswith("orders.odcs.yaml:8: ")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("{metric: freshness, mustBe: 0}", r"metric` is 'freshness'.*rowCount"),
        ("{rule: nullCheck, mustBe: 0}", r"rule` is 'nullCheck'.*replaced"),
        ("{mustBe: 0}", r"metric`: the metric is not known"),
        ("{metric: nullValues}", r"0 thresholds"),
        ("{metric: nullValues, mustBe: 0, mustBeLessThan: 4}", r"2 thresholds"),
        ("{metric: nullValues, mustBe: none}", r"mustBe` is 'none'"),
        ("{metric: nullValues, mustBe: -1}", r"number from 0"),
        ("{metric: nullValues, mustBe: 0.5}", r"whole numbers"),
        ("{metric: nullValues, mustBeLessThan: 101, unit: percent}", r"more than 100 percent"),
        ("{metric: nullValues, mustBe: 0, unit: bananas}", r"unit` is 'bananas'"),
        ("{metric: nullValues, mustBeBetween: [5, 1]}", r"smaller one first"),
        ("{metric: nullValues, mustBeLessThan: 0}", r"never"),
        ("{metric: nullValues, mustBe: 0, arguments: {x: 1}}", r"arguments.x` is 1"),
        ("{metric: rowCount, mustBe: 1}", r"counted for the table"),
        ("{metric: missingValues, mustBe: 0}", r"not a list"),
        ("{metric: missingValues, mustBe: 0, arguments: {words: [a]}}", r"has no key 'words'"),
        ("{metric: invalidValues, mustBe: 0}", r"neither or both"),
        ("{metric: invalidValues, mustBe: 0, arguments: {validValues: []}}", r"list of 1 to"),
        ("{metric: invalidValues, mustBe: 0, arguments: {validValues: [1]}}", r"is no VARCHAR"),
        ("{metric: invalidValues, mustBe: 0, arguments: {pattern: '['}}", r"cannot be run"),
        ("{type: sql, query: SELECT 1, mustBe: 1}", r"type` is 'sql'"),
        ("{type: custom, engine: soda, implementation: x}", r"type` is 'custom'"),
        ("{type: text}", r"no words"),
        ("{type: text, description: x, mustBe: 1}", r"is prose"),
        ("{metric: nullValues, mustBe: 0, severity: 3}", r"severity` is 3"),
        ("{metric: nullValues, mustBe: 0, mustbe: 1}", r"Did you mean 'mustBe'"),
    ],
)
def test_a_check_that_cannot_be_run_is_refused(of_columns: Read, check: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}") as refused:
        of_columns(f"- {{name: a, logicalType: string, quality: [{check}]}}")

    assert "schema[0].properties[0].quality[0]" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{property: penstock.csv, value: {delimeter: x}}", "Did you mean 'delimiter'"),
        ("{property: penstock.csv, value: {delimiter: ab}}", "not one ASCII character"),
        ("{property: penstock.csv, value: {encoding: klingon}}", "encoding is not known"),
        ("{property: penstock.csv, value: {header: 'no'}}", "valid boolean"),
        ("{property: penstock.csv, value: [a]}", "not a mapping"),
        ("{property: penstock.drift, value: {types: evolve}}", "types` is 'evolve'"),
        ("{property: penstock.quorum, value: 3}", "Known: penstock.csv"),
        ("{property: penstock.compare, value: [{left: a, op: le, right: z}]}", "right` is 'z'"),
        ("{property: penstock.compare, value: [{left: a, op: '<', right: n}]}", "Use one of eq"),
        ("{property: penstock.compare, value: [{left: a, op: le, right: n}]}", "do not compare"),
        ("{property: penstock.compare, value: {left: a}}", "not a list"),
    ],
)
def test_own_properties_are_strict(of_columns: Read, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}"):
        of_columns(
            "- {name: a, logicalType: string}\n- {name: n, logicalType: integer}",
            table=f"customProperties: [{value}]",
        )


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{property: freshnes, value: 1, unit: h, element: a}", "not known"),
        ("{property: freshness, value: 1, unit: months, element: orders.at}", "unit is not known"),
        ("{property: freshness, value: soon, unit: h, element: orders.at}", "not a number"),
        ("{property: freshness, value: 1, unit: h, element: orders.b}", "no such column"),
        ("{property: freshness, value: 1, unit: h}", "not one column"),
    ],
)
def test_service_levels_are_strict(of_columns: Read, entry: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        of_columns("- {name: at, logicalType: timestamp}", top=f"slaProperties: [{entry}]\n")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("{name: A, logicalType: string}", "line 8 has the same name"),
        ("{name: _Penstock_row, logicalType: string}", "are ours"),
        ("{logicalType: string}", "needs a name"),
        ("{name: 5, logicalType: string}", "valid string"),
        ('{name: "a\\0", logicalType: string}', "needs a name"),
    ],
)
def test_column_names_are_told_apart(of_columns: Read, second: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        of_columns(f"- {{name: a, logicalType: string}}\n- {second}")

    assert refused.value.line == 9


def test_two_rules_of_one_id_are_refused(of_columns: Read) -> None:
    check = "{metric: nullValues, mustBe: 0}"

    with pytest.raises(ConfigError, match=r"another rule has the id 'a.null_values'.*`name`"):
        of_columns(f"- {{name: a, logicalType: string, quality: [{check}, {check}]}}")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.yaml: .*No such file"):
        load_contract(tmp_path / "absent.yaml")


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"id: shop\nname: caf\xe9\n")

    with pytest.raises(ConfigError, match=r"c.yaml:2: Byte 18 is not UTF-8"):
        load_contract(path)
