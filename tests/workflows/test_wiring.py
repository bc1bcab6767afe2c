"""Steps drive the run: what is written decides order, wiring and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from penstock.model import Claim, LandedFile, Value
from penstock.workflows import AgentSpec, Fill, Workflow, fill

NOW = datetime(2026, 11, 20, tzinfo=UTC)
Read = Callable[..., Workflow]


def test_steps_run_after_their_needs_and_else_as_written(read: Read, definition: str) -> None:
    lines = definition.splitlines()
    lines[6:14] = reversed(lines[6:14])

    workflow = read("\n".join(lines))

    assert workflow.order == (
        "ingest", "scan", "detect", "validate", "report", "gate", "publish", "notify",
    )  # fmt: skip
    assert read().order == (
        "ingest", "scan", "validate", "detect", "report", "gate", "publish", "notify",
    )  # fmt: skip


def test_steps_without_needs_between_them_share_a_layer(read: Read) -> None:
    assert read().layers == (
        ("ingest",), ("scan",), ("validate", "detect"), ("report",), ("gate",), ("publish",),
        ("notify",),
    )  # fmt: skip


def test_wiring_names_the_needs_that_fill_each_field(read: Read) -> None:
    wiring = read().wiring

    assert wiring["ingest"] == {}
    assert wiring["validate"] == {"rows": ("ingest",), "counts": ("scan",)}
    assert wiring["report"] == {
        "rows": ("ingest",),
        "checked": ("validate",),
        "judged": ("detect",),
        "note": (),
    }


def test_subclass_fills_the_field_of_its_base_where_no_field_takes_itself(
    read: Read, definition: str
) -> None:
    more = definition.replace(
        "  - {name: report, agent: report, needs: [ingest, validate, detect]}",
        "  - {name: sum, agent: sum, needs: [validate, detect]}\n"
        "  - {name: report, agent: report, needs: [ingest, validate, detect, sum]}",
    )

    wiring = read(more).wiring

    assert wiring["sum"] == {"judged": ("validate", "detect")}
    assert wiring["report"]["note"] == ("sum",)


def test_added_step_runs_and_its_output_is_wired(read: Read, definition: str) -> None:
    more = definition.replace(
        "  - {name: report, agent: report, needs: [ingest, validate, detect]}",
        "  - {name: again, agent: detect, needs: [ingest, scan]}\n"
        "  - {name: report, agent: report, needs: [ingest, validate, detect, again]}",
    )

    workflow = read(more)

    assert workflow.order.index("again") < workflow.order.index("report")
    assert workflow.layers[2] == ("validate", "detect", "again")
    assert workflow.wiring["report"]["judged"] == ("detect", "again")


def test_added_edge_changes_layers_and_wiring(read: Read, definition: str) -> None:
    plain = definition.replace(
        "  - {name: report,",
        "  - {name: note, agent: annotate, needs: [ingest]}\n  - {name: report,",
    ).replace("[ingest, validate, detect]", "[ingest, validate, detect, note]")

    workflow = read(plain)

    assert workflow.layers[1] == ("scan", "note")
    assert workflow.wiring["report"]["note"] == ("note",)
    assert read().wiring["report"]["note"] == ()


def test_optional_and_one_of_many_may_be_skipped(read: Read, definition: str) -> None:
    more = definition.replace(
        "  - {name: report, agent: report, needs: [ingest, validate, detect]}",
        "  - {name: note, agent: annotate, needs: [ingest], on_error: skip}\n"
        "  - {name: again, agent: detect, needs: [ingest, scan], on_error: skip}\n"
        "  - {name: report, agent: report, needs: [ingest, validate, detect, again, note]}",
    )

    assert read(more).step("note").on_error == "skip"


CLAIM = Claim(
    dataset="retail",
    sequence=1,
    files=(LandedFile(uri="file:///a", version="1", size=1, modified_at=NOW),),
    requested_by="test",
    claimed_at=NOW,
)


class Whole(Value):
    """Any output."""

    number: int


class Given(Value):
    one: Whole
    maybe: Whole | None
    several: tuple[Whole, ...]


SPEC = AgentSpec(name="x", version=2, takes=Given, gives=Whole, role="judge")
FILLS = (
    Fill(field="one", takes="one", needs=("a",)),
    Fill(field="maybe", takes="optional", needs=("b",)),
    Fill(field="several", takes="many", needs=("c", "d")),
)


def test_input_is_made_from_the_outputs_of_needs() -> None:
    outputs = {name: Whole(number=number) for number, name in enumerate("abcd")}

    given = fill(SPEC, FILLS, outputs, claim=CLAIM)

    assert given == Given(
        one=Whole(number=0),
        maybe=Whole(number=1),
        several=(Whole(number=2), Whole(number=3)),
    )


def test_skipped_steps_leave_their_place_empty() -> None:
    outputs = {"a": Whole(number=0), "b": None, "c": None, "d": Whole(number=3)}

    given = fill(SPEC, FILLS, outputs, claim=CLAIM)

    assert given == Given(one=Whole(number=0), maybe=None, several=(Whole(number=3),))


def test_first_step_takes_the_claim(agents: Mapping[str, AgentSpec]) -> None:
    assert fill(agents["ingest"], (), {}, claim=CLAIM) is CLAIM


@pytest.mark.parametrize(("gone", "field"), [("a", "one"), ("cd", "several")])
def test_missing_output_is_refused_where_it_is_needed(gone: str, field: str) -> None:
    outputs: dict[str, Value | None] = {
        name: None if name in gone else Whole(number=1) for name in "abcd"
    }

    with pytest.raises(ValueError, match=f"x/2 has no {field}: {', '.join(gone)} gave none"):
        fill(SPEC, FILLS, outputs, claim=CLAIM)


def test_workflow_cannot_be_changed(read: Read) -> None:
    workflow = read()

    with pytest.raises(ValidationError):
        workflow.dataset = "other"  # type: ignore[misc] # that it cannot be is the claim
    workflow.wiring["scan"]["rows"] = ()

    assert workflow.wiring["scan"] == {"rows": ("ingest",)}


def test_workflow_survives_json(read: Read) -> None:
    assert Workflow.model_validate_json(read().model_dump_json()) == read()


@pytest.mark.parametrize(
    ("uri", "root", "found"),
    [
        ("s3://b-1/x/", None, "s3://b-1/x"),
        ("/landing//x/../y", None, "file:///landing/y"),
        ("file:///a%20b", None, "file:///a%20b"),
        ("memory://tests", None, "memory://tests"),
        ("landing/retail", "file:///etc/my%20config", "file:///etc/my%20config/landing/retail"),
        ("../landing", "file:///etc/config", "file:///etc/landing"),
    ],
)
def test_landing_is_absolute(
    uri: str, root: str | None, found: str, read: Read, definition: str
) -> None:
    workflow = read(definition.replace("s3://landing/retail", uri), root=root)

    assert workflow.landing.uri == found


def test_every_byte_of_the_text_is_in_the_digest(read: Read, definition: str) -> None:
    assert read().digest == read(definition).digest
    assert read(definition + "# more\n").digest != read().digest
