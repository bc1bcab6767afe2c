"""Reading a workflow definition: every mistake is an error with file, line and remedy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from penstock.contracts import Contract
from penstock.documents import Place, read_document, show_value
from penstock.errors import NotFound
from penstock.model import hash_bytes
from penstock.workflows.agent import AgentSpec
from penstock.workflows.conditions import check_conditions
from penstock.workflows.definition import Definition
from penstock.workflows.explain import explain
from penstock.workflows.misfit import Misfit
from penstock.workflows.places import check_contract_key, check_pattern, resolve_landing
from penstock.workflows.wiring import wire
from penstock.workflows.workflow import Workflow

__all__ = ["read_workflow"]


def read_workflow(
    text: str,
    *,
    source: str,
    agents: Mapping[str, AgentSpec],
    contracts: Callable[[str], Contract],
    root: str | None = None,
) -> Workflow:
    """Read, check and wire a definition.

    `contracts` loads a contract by its key, raising `NotFound` or `ConfigError`. `root` is the
    uri of the config; a relative landing starts there, if it is a local folder.

    Raises:
        ConfigError: for the first thing that cannot be used.
    """
    document = read_document(text, source=source)
    definition = _validate(document)
    try:
        wires = wire(definition.steps, agents)
        check_conditions(definition.gate.ask_if, path=("gate", "ask_if"))
        _check_stewards(definition)
        check_pattern(definition.landing.pattern)
        uri = resolve_landing(definition.landing.uri, root=root)
        _check_contract(definition, contracts)
    except Misfit as misfit:
        place = document.at(*misfit.path)
        raise place.error(misfit.what, remedy=misfit.remedy) from misfit
    fields = {name: getattr(definition, name) for name in Definition.model_fields}
    fields["landing"] = definition.landing.model_copy(update={"uri": uri})
    return Workflow(**fields, wires=wires, digest=hash_bytes(text.encode()), source=source)


def _check_stewards(definition: Definition) -> None:
    for index, steward in enumerate(definition.stewards):
        place = ("stewards", index)
        if steward != "".join(steward.split()) or not steward.isprintable() or not steward:
            raise Misfit(
                place,
                f"stewards[{index}] is {show_value(steward)}, which names nobody.",
                remedy="Write an address or login without spaces, as ann@example.org.",
            )
        if steward in definition.stewards[:index]:
            raise Misfit(place, f"stewards names {steward!r} twice.", remedy="Keep one of them.")


def _check_contract(definition: Definition, contracts: Callable[[str], Contract]) -> None:
    check_contract_key(definition.contract)
    try:
        contract = contracts(definition.contract)
    except NotFound as exc:
        raise Misfit(
            ("contract",),
            f"There is no contract {definition.contract!r} in the config.",
            remedy="Correct the key, or put the contract there.",
        ) from exc
    if contract.dataset != definition.dataset:
        raise Misfit(
            ("contract",),
            f"The contract {definition.contract!r} is about {contract.dataset!r}, not about the"
            f" dataset {definition.dataset!r}.",
            remedy="Name the dataset's own contract, or correct one of the two names.",
        )


def _validate(document: Place) -> Definition:
    try:
        # JSON is the strict form: "3" is no number there, and a list may become a tuple.
        return Definition.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as exc:
        raise explain(document, exc) from None
