"""Imports point one way, and vendors stand where they are expected."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = {"flows": "penstock.flows", "tasks": "penstock.tasks", "agents": "penstock.agents"}

RANKS = (
    ("penstock.cli",),
    ("penstock.flows",),
    ("penstock.tasks",),
    ("penstock.agents",),
    ("penstock.demo", "penstock.explanation", "penstock.validation"),
    ("penstock.tools", "penstock.gate", "penstock.orchestration", "penstock.embedded"),
    ("penstock.settings", "penstock.release"),
    (
        "penstock.ledger",
        "penstock.lineage",
        "penstock.notify",
        "penstock.report",
        "penstock.tables",
        "penstock.landing",
        "penstock.workflows",
    ),
    ("penstock.checks", "penstock.detect", "penstock.readers"),
    ("penstock.contracts",),
    ("penstock.documents",),
    ("penstock.stores",),
    ("penstock.model",),
    ("penstock.errors",),
)
"""From what may import everything below it, down to what imports nothing of ours."""

VENDORS = {
    "boto3": ("penstock.stores",),
    "botocore": ("penstock.stores",),
    "great_expectations": ("penstock.checks.gx",),
    "prefect": ("penstock.flows", "penstock.tasks", "penstock.orchestration"),
    "openlineage": ("penstock.lineage",),
    "pyiceberg": ("penstock.tables",),
    "matplotlib": ("penstock.report",),
}


def modules() -> Iterator[tuple[str, Path]]:
    for folder, name in {**ROOMS, "src/penstock": "penstock"}.items():
        base = ROOT / folder
        for path in sorted(base.rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            yield ".".join((name, *(part for part in parts if part != "__init__"))), path


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
            case ast.ImportFrom():
                yield node.lineno, "(relative)"


def is_within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def rank(name: str) -> int | None:
    return next(
        (
            number
            for number, rooms in enumerate(RANKS)
            if any(is_within(name, room) for room in rooms)
        ),
        None,
    )


CASES = [pytest.param(name, path, id=name) for name, path in modules()]


@pytest.mark.parametrize(("name", "path"), CASES)
def test_imports_point_one_way(name: str, path: Path) -> None:
    own = rank(name)
    wrong = [
        f"{path}:{line} imports {imported}"
        for line, imported in imports(path)
        if own is not None and (target := rank(imported)) is not None and target < own
    ]

    assert not wrong


@pytest.mark.parametrize(("name", "path"), CASES)
def test_every_import_is_absolute_and_through_penstock(name: str, path: Path) -> None:
    roots = {imported.split(".")[0] for _, imported in imports(path)}

    assert roots.isdisjoint({"(relative)", *ROOMS}), name


@pytest.mark.parametrize(("name", "path"), CASES)
def test_a_vendor_is_imported_in_its_own_room_only(name: str, path: Path) -> None:
    wrong = [
        f"{path}:{line} imports {imported}"
        for line, imported in imports(path)
        for vendor, rooms in VENDORS.items()
        if is_within(imported, vendor) and not any(is_within(name, room) for room in rooms)
    ]

    assert not wrong


def test_every_module_has_its_place_in_the_order() -> None:
    unplaced = [name for name, _ in modules() if name != "penstock" and rank(name) is None]

    assert not unplaced


def test_no_file_is_over_four_hundred_lines() -> None:
    long = [name for name, path in modules() if len(path.read_text().splitlines()) > 400]

    assert not long
