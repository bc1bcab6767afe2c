"""The config: workflow definitions and contracts in an object store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol

from pydantic import Field

from penstock.contracts import Contract, read_contract
from penstock.documents import suggest
from penstock.errors import ConfigError, Terminal
from penstock.model import Digest, Value, hash_bytes
from penstock.stores import ObjectInfo, ObjectStore, open_store
from penstock.workflows.agent import AgentSpec
from penstock.workflows.reading import read_workflow
from penstock.workflows.workflow import Workflow

__all__ = ["ConfigStore", "LoadedAll", "LoadedWorkflow", "open_config"]

WORKFLOWS = "workflows/"
SUFFIX = ".yaml"
SIZE_LIMIT = 1 << 20


class ReadContract(Protocol):
    """What turns the text of a contract into a `Contract`, as `penstock.contracts` does."""

    def __call__(self, text: str, *, source: str) -> Contract:
        """Return the contract, or raise `ConfigError`."""


class LoadedWorkflow(Value):
    """A workflow with its contract, and where exactly both came from."""

    workflow: Workflow
    contract: Contract
    contract_text: str
    config_path: str = Field(description="uri of the definition")
    object_version: str = Field(description="version of that object in its store")
    digest: Digest = Field(description="SHA-256 of the definition's bytes")
    contract_path: str = Field(description="uri of the contract")
    contract_digest: Digest = Field(description="SHA-256 of the contract's bytes")


class LoadedAll(NamedTuple):
    """Every definition that can be used, and what is wrong with the others."""

    loaded: tuple[LoadedWorkflow, ...]
    errors: dict[str, Terminal]
    """By the name of the workflow, or the key of a file that is no definition."""


class ConfigStore:
    """Definitions at `workflows/NAME.yaml` and contracts at `contracts/*.yaml` of a store.

    Read only: nothing here changes a definition. A file is read once for each load, and text,
    version and digest belong to that one reading.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        agents: Mapping[str, AgentSpec],
        read_contract: ReadContract,
    ) -> None:
        self._store = store
        self._agents = dict(agents)
        self._read_contract = read_contract

    def names(self) -> tuple[str, ...]:
        """Return the names of all definitions, whether they can be used or not."""
        keys = [info.key for info in self._store.list(WORKFLOWS) if _is_definition(info.key)]
        return tuple(sorted(key.removeprefix(WORKFLOWS).removesuffix(SUFFIX) for key in keys))

    def load(self, name: str) -> LoadedWorkflow:
        """Read one definition with its contract.

        Raises:
            ConfigError: when there is none of that name, or it or its contract cannot be used.
            Transient: when the store did not answer.
        """
        names = self.names()
        if name not in names:
            raise ConfigError(
                f"There is no workflow {name!r} in {self._store.root}/{WORKFLOWS}.",
                remedy=suggest(name, names),
            )
        text, digest, info = self._read(f"{WORKFLOWS}{name}{SUFFIX}")
        read: dict[str, tuple[str, Digest, ObjectInfo, Contract]] = {}

        def find_contract(key: str) -> Contract:
            contract_text, contract_digest, contract_info = self._read(key)
            contract = self._read_contract(contract_text, source=contract_info.uri)
            read[key] = (contract_text, contract_digest, contract_info, contract)
            return contract

        workflow = read_workflow(
            text,
            source=info.uri,
            agents=self._agents,
            contracts=find_contract,
            root=self._store.root,
        )
        if workflow.name != name:
            raise ConfigError(
                f"workflow is {workflow.name!r}, but the file is called {name}{SUFFIX}.",
                remedy="Give both the same name.",
                file=info.uri,
            )
        contract_text, contract_digest, contract_info, contract = read[workflow.contract]
        return LoadedWorkflow(
            workflow=workflow,
            contract=contract,
            contract_text=contract_text,
            config_path=info.uri,
            object_version=info.version,
            digest=digest,
            contract_path=contract_info.uri,
            contract_digest=contract_digest,
        )

    def load_all(self) -> LoadedAll:
        """Read every definition; a broken one does not stop the others.

        Two definitions of one dataset are both refused: which of them is right is not ours to
        guess. So is a file below `workflows/` that looks like a definition and would be passed
        over.

        Raises:
            Transient: when the store did not answer.
        """
        loaded: list[LoadedWorkflow] = []
        errors: dict[str, Terminal] = {
            info.key: ConfigError(
                "This definition is not read, because of where or how it is called.",
                remedy=f"Call it {WORKFLOWS}NAME{SUFFIX}.",
                file=info.uri,
            )
            for info in self._store.list(WORKFLOWS)
            if _looks_like_one(info.key) and not _is_definition(info.key)
        }
        for name in self.names():
            try:
                loaded.append(self.load(name))
            except Terminal as error:
                errors[name] = error
        for field in ("dataset", "table"):
            shared = _find_shared(loaded, field)
            loaded = [one for one in loaded if one.workflow.name not in shared]
            errors |= shared
        return LoadedAll(loaded=tuple(loaded), errors=errors)

    def _read(self, key: str) -> tuple[str, Digest, ObjectInfo]:
        for listed in self._store.list(key):
            if listed.key == key:
                _refuse_size(listed)
        with TemporaryDirectory(prefix="penstock-config-") as folder:
            path = Path(folder) / "file"
            info = self._store.download(key, path)
            _refuse_size(info)
            data = path.read_bytes()
        try:
            return data.decode().removeprefix("\ufeff"), hash_bytes(data), info
        except UnicodeDecodeError as exc:
            raise ConfigError(
                f"Byte {exc.start} is not UTF-8 text.",
                remedy="Save the file as UTF-8.",
                file=info.uri,
                line=data.count(b"\n", 0, exc.start) + 1,
            ) from None


def open_config(uri: str, *, agents: Mapping[str, AgentSpec]) -> ConfigStore:
    """Open the config in a folder or at `s3://bucket/prefix`."""
    return ConfigStore(open_store(uri), agents=agents, read_contract=read_contract)


def _is_definition(key: str) -> bool:
    name = key.removeprefix(WORKFLOWS)
    return key.endswith(SUFFIX) and "/" not in name and not name.startswith(".")


def _looks_like_one(key: str) -> bool:
    hidden = any(part.startswith(".") for part in key.split("/"))
    return key.lower().endswith((".yaml", ".yml", ".json")) and not hidden


def _refuse_size(info: ObjectInfo) -> None:
    if info.size > SIZE_LIMIT:
        raise ConfigError(
            f"The file has {info.size} bytes; at most {SIZE_LIMIT} are read.",
            remedy="Definitions and contracts are small: check what this file is.",
            file=info.uri,
        )


def _find_shared(loaded: list[LoadedWorkflow], field: str) -> dict[str, ConfigError]:
    """Return an error for each workflow that shares its dataset or its table with another."""
    values = {
        one.workflow.name: one.workflow.dataset
        if field == "dataset"
        else one.workflow.publish.table
        for one in loaded
    }
    errors: dict[str, ConfigError] = {}
    for one in loaded:
        name = one.workflow.name
        others = [other for other in values if other != name and values[other] == values[name]]
        if others:
            errors[name] = ConfigError(
                f"The {field} {values[name]!r} also belongs to workflow {', '.join(others)}.",
                remedy=f"Keep one definition for each {field}.",
                file=one.config_path,
            )
    return errors
