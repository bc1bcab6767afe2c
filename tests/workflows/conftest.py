"""Agents that do nothing, a definition that wires them, and a config in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import pytest

from penstock.contracts import Contract, ContractColumn
from penstock.errors import NotFound
from penstock.model import Claim, Judged, Published, Reported, Severity, Value, hash_bytes
from penstock.stores import MemoryStore, ObjectStore
from penstock.workflows import AgentSpec, ConfigStore, Workflow, read_workflow

DEFINITION = """\
workflow: retail
version: "3"
dataset: retail
landing: {uri: "s3://landing/retail", pattern: "*.csv.gz"}
contract: contracts/retail.yaml
steps:
  - {name: ingest, agent: ingest, needs: []}
  - {name: scan, agent: scan, needs: [ingest]}
  - {name: validate, agent: validate, needs: [ingest, scan]}
  - {name: detect, agent: detect, needs: [ingest, scan]}
  - {name: report, agent: report, needs: [ingest, validate, detect]}
  - {name: gate, agent: gate, needs: [report]}
  - {name: publish, agent: publish, needs: [gate]}
  - {name: notify, agent: notify, needs: [publish], on_error: skip}
gate:
  ask_if:
    - {field: severity, op: ge, value: high}
    - {field: rows_share, op: gt, value: 0.2}
  proof: none
publish: {table: retail}
stewards: [ann@example.org]
notify: [{kind: log}, {kind: webhook, url_env: PENSTOCK_WEBHOOK}]
"""


class Rows(Value):
    """What ingest gives."""


class Counts(Value):
    """What scan gives."""


class Checked(Judged):
    """What validate gives."""


class Passed(Value):
    """What the gate gives."""


class Told(Value):
    """What notify gives."""


class ScanGiven(Value):
    rows: Rows


class JudgeGiven(Value):
    rows: Rows
    counts: Counts


class ReportGiven(Value):
    rows: Rows
    checked: Checked
    judged: tuple[Judged, ...]
    note: Told | None


class GateGiven(Value):
    reported: Reported


class PublishGiven(Value):
    passed: Passed


class NotifyGiven(Value):
    published: Published


class SumGiven(Value):
    judged: tuple[Judged, ...]


class TwinGiven(Value):
    one: Rows
    other: Rows


def spec(
    name: str,
    takes: type[Value],
    gives: type[Value],
    role: Literal["judge", "gate", "effect"] = "judge",
) -> AgentSpec:
    return AgentSpec(name=name, version=1, takes=takes, gives=gives, role=role)


AGENTS = MappingProxyType(
    {
        one.name: one
        for one in (
            spec("ingest", Claim, Rows),
            spec("scan", ScanGiven, Counts),
            spec("validate", JudgeGiven, Checked),
            spec("detect", JudgeGiven, Judged),
            spec("annotate", ScanGiven, Told),
            spec("sum", SumGiven, Told),
            spec("twin", TwinGiven, Told),
            spec("report", ReportGiven, Reported),
            spec("gate", GateGiven, Passed, "gate"),
            spec("publish", PublishGiven, Published, "effect"),
            spec("early", ScanGiven, Told, "effect"),
            spec("notify", NotifyGiven, Told, "effect"),
        )
    }
)


def read_contract(text: str, *, source: str) -> Contract:
    """Read a contract of one word: the dataset it is about."""
    column = ContractColumn(name="a", type="VARCHAR", severity=Severity.HIGH)
    return Contract(
        id="c",
        version="1",
        dataset=text.strip(),
        columns=(column,),
        rules=(),
        digest=hash_bytes(text.encode()),
        source=source,
    )


def find_contract(key: str) -> Contract:
    if key != "contracts/retail.yaml":
        raise NotFound(f"There is no {key}.", remedy="Check it.")
    return read_contract("retail", source=key)


@pytest.fixture
def definition() -> str:
    return DEFINITION


@pytest.fixture
def agents() -> Mapping[str, AgentSpec]:
    return AGENTS


@pytest.fixture
def read() -> Callable[..., Workflow]:
    def read_definition(text: str = DEFINITION, root: str | None = None) -> Workflow:
        return read_workflow(
            text, source="w.yaml", agents=AGENTS, contracts=find_contract, root=root
        )

    return read_definition


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.put("workflows/retail.yaml", DEFINITION.encode())
    store.put("contracts/retail.yaml", b"retail")
    return store


@pytest.fixture
def fakes() -> Callable[[ObjectStore], ConfigStore]:
    """Give what opens a config with agents that do nothing and contracts of one word."""
    return lambda store: ConfigStore(store, agents=AGENTS, read_contract=read_contract)


@pytest.fixture
def config(store: MemoryStore, fakes: Callable[[ObjectStore], ConfigStore]) -> ConfigStore:
    return fakes(store)
