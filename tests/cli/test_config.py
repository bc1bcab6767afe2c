"""Settings and definitions: what commands say when they are missing or broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.stores import open_store
from workbench import STEPS, Workbench

if TYPE_CHECKING:
    from tests.cli.conftest import Command


@pytest.mark.parametrize(
    "arguments",
    [
        ("workflow", "show", "orders"),
        ("workflow", "validate"),
        ("run", "a.csv", "--dataset", "orders"),
        ("up",),
    ],
    ids=" ".join,
)
def test_without_a_config_the_variable_to_set_is_named(
    penstock: Command, nowhere: Path, arguments: tuple[str, ...]
) -> None:
    error = penstock(*arguments).error

    assert f"{nowhere / 'config'} holds no workflow definitions" in error
    assert "PENSTOCK_CONFIG" in error


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("batches",), "There are no batches yet."),
        (("requests",), "Nothing waits for a decision."),
        (("audit", "verify"), "The audit chain is whole: 0 records"),
        (("query", "SELECT 1 AS one"), "one\n"),
    ],
)
def test_before_the_first_batch_there_is_nothing_and_no_error(
    penstock: Command, arguments: tuple[str, ...], says: str
) -> None:
    answer = penstock(*arguments)

    assert answer.code == 0
    assert says in answer.out


def test_setting_that_cannot_be_used_is_named(
    penstock: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_LEASE_S", "soon")

    assert "PENSTOCK_LEASE_S" in penstock("batches").error


def test_ledger_that_cannot_be_reached_shows_no_password(
    penstock: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_LEDGER", "postgresql+psycopg://ann:s3cret@127.0.0.1:1/x")

    error = penstock("batches").error

    assert "s3cret" not in error


@pytest.mark.usefixtures("configured")
def test_workflow_is_shown_as_text(penstock: Command) -> None:
    answer = penstock("workflow", "show", "orders")

    assert answer.code == 0
    for step in ("ingest", "scan", "validate", "detect", "gate", "publish"):
        assert step in answer.out


@pytest.mark.usefixtures("configured")
def test_workflow_is_drawn_as_mermaid(penstock: Command) -> None:
    answer = penstock("workflow", "show", "orders", "--mermaid")

    assert answer.code == 0
    assert answer.out.startswith("flowchart")


@pytest.mark.usefixtures("configured")
def test_workflow_is_shown_as_json(penstock: Command) -> None:
    found = penstock("workflow", "show", "orders", "--json").json

    assert (found["name"], found["dataset"]) == ("orders", "orders")
    assert [step["name"] for step in found["steps"]][:2] == ["ingest", "scan"]


@pytest.mark.usefixtures("configured")
def test_unknown_workflow_names_the_nearest(penstock: Command) -> None:
    error = penstock("workflow", "show", "order").error

    assert "'order'" in error
    assert "orders" in error


@pytest.mark.usefixtures("configured")
def test_valid_config_exits_0(penstock: Command) -> None:
    answer = penstock("workflow", "validate")

    assert answer.code == 0
    assert answer.out.startswith("ok       orders@1")


def test_refused_definition_exits_1_with_file_line_and_remedy(
    penstock: Command, configured: Workbench
) -> None:
    configured.configure(steps=STEPS.replace("needs: [prepare]", "needs: [ingest]"))
    config = open_store(configured.settings.config_uri)
    config.put("workflows/other.yaml", b"workflow: [")

    answer = penstock("workflow", "validate")

    assert answer.code == 1
    refused = dict(line.split(maxsplit=2)[1:] for line in answer.out.splitlines())
    assert "orders.yaml:" in refused["orders"]
    assert "'publish'" in refused["orders"]
    assert "other.yaml:1" in refused["other"]


def test_refused_definitions_are_listed_in_json(penstock: Command, configured: Workbench) -> None:
    configured.configure(contract="kind: Nothing")

    answer = penstock("workflow", "validate", "--json")

    assert answer.code == 1
    assert answer.json["loaded"] == []
    assert "contracts/orders.yaml" in answer.json["refused"]["orders"]


def test_misnamed_definition_is_refused_not_passed_over(
    penstock: Command, configured: Workbench
) -> None:
    folder = Path(configured.root) / "config" / "workflows"
    (folder / "orders.yaml").rename(folder / "orders.yml")

    answer = penstock("workflow", "validate")

    assert answer.code == 1
    assert "orders.yml" in answer.out


def test_up_refuses_to_start_with_a_broken_definition(
    penstock: Command, configured: Workbench
) -> None:
    configured.configure(contract="kind: Nothing")

    error = penstock("up").error

    assert "contracts/orders.yaml" in error
    assert "penstock workflow validate" in error
    assert not (configured.home / "prefect").exists()
