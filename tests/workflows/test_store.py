"""Configs: found by name, read once, and a broken one harms no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.contracts import read_contract
from penstock.errors import ConfigError, StoreUnavailable
from penstock.model import hash_bytes
from penstock.stores import LocalStore, MemoryStore, ObjectStore
from penstock.workflows import AgentSpec, ConfigStore, open_config

DEFINITION = "workflows/retail.yaml"
FakeConfig = Callable[[ObjectStore], ConfigStore]


def test_workflow_is_loaded_with_its_contract_and_where_both_lie(
    store: MemoryStore, config: ConfigStore, definition: str
) -> None:
    loaded = config.load("retail")

    info = {one.key: one for one in store.list()}
    assert loaded.workflow.label == "retail@3"
    assert loaded.contract.dataset == "retail"
    assert loaded.config_path == info[DEFINITION].uri
    assert loaded.object_version == info[DEFINITION].version
    assert loaded.digest == loaded.workflow.digest == hash_bytes(definition.encode())
    assert loaded.contract_path == info["contracts/retail.yaml"].uri
    assert loaded.contract_text == "retail"
    assert loaded.contract_digest == hash_bytes(b"retail")


def test_same_text_written_again_is_another_object_version_with_the_same_digest(
    store: MemoryStore, config: ConfigStore, definition: str
) -> None:
    before = config.load("retail")
    store.put(DEFINITION, definition.encode())

    after = config.load("retail")

    assert after.object_version != before.object_version
    assert after.digest == before.digest


def test_unknown_name_is_refused_with_the_one_that_was_meant(config: ConfigStore) -> None:
    with pytest.raises(ConfigError, match=r"no workflow 'retial' in .* Did you mean 'retail'\?"):
        config.load("retial")


def test_name_that_leads_elsewhere_is_no_workflow(config: ConfigStore) -> None:
    with pytest.raises(ConfigError, match="There is no workflow"):
        config.load("../contracts/retail")


def test_empty_config_has_no_workflows(agents: dict[str, AgentSpec]) -> None:
    config = open_config("memory://empty", agents=agents)

    assert config.names() == ()
    assert config.load_all() == ((), {})
    with pytest.raises(ConfigError, match="None are known here"):
        config.load("retail")


def test_file_must_be_called_as_its_workflow(
    store: MemoryStore, config: ConfigStore, definition: str
) -> None:
    store.put("workflows/other.yaml", definition.encode())

    with pytest.raises(ConfigError, match=r"workflow is 'retail', but the file is called other"):
        config.load("other")


def test_broken_definition_does_not_stop_the_others(
    store: MemoryStore, config: ConfigStore
) -> None:
    store.put("workflows/broken.yaml", b"workflow: [")
    store.put("workflows/latin.yaml", "workflow: x\nname: é".encode("latin-1"))

    loaded, errors = config.load_all()

    assert [one.workflow.name for one in loaded] == ["retail"]
    assert sorted(errors) == ["broken", "latin"]
    assert "broken.yaml:1: This is not YAML" in str(errors["broken"])
    assert "latin.yaml:2: Byte 18 is not UTF-8" in str(errors["latin"])


def test_store_that_does_not_answer_is_no_broken_definition(
    store: MemoryStore, config: ConfigStore
) -> None:
    store.fail_next("download", StoreUnavailable("The store is away.", remedy="Try again."))

    with pytest.raises(StoreUnavailable):
        config.load_all()


@pytest.mark.parametrize("shared", ["dataset", "table"])
def test_dataset_and_table_belong_to_one_workflow(
    shared: str, store: MemoryStore, config: ConfigStore, definition: str
) -> None:
    twin = definition.replace("workflow: retail", "workflow: twin")
    if shared == "table":
        twin = twin.replace("dataset: retail", "dataset: other").replace("s/retail.y", "s/other.y")
        store.put("contracts/other.yaml", b"other")
    store.put("workflows/twin.yaml", twin.encode())

    loaded, errors = config.load_all()

    assert loaded == ()
    assert f"The {shared} 'retail' also belongs to workflow twin." in str(errors["retail"])
    assert f"The {shared} 'retail' also belongs to workflow retail." in str(errors["twin"])


@pytest.mark.parametrize("key", ["workflows/a.yml", "workflows/sub/a.yaml", "workflows/a.YAML"])
def test_definition_that_would_be_passed_over_is_named(
    key: str, store: MemoryStore, config: ConfigStore
) -> None:
    store.put(key, b"workflow: a")

    loaded, errors = config.load_all()

    assert len(loaded) == 1
    assert "Call it workflows/NAME.yaml." in str(errors[key])


def test_other_files_may_lie_beside_definitions(store: MemoryStore, config: ConfigStore) -> None:
    for key in ("workflows/README.md", "workflows/.retail.yaml", "workflows/retail.yaml~"):
        store.put(key, b"not: [a definition")

    assert config.load_all().errors == {}
    assert config.names() == ("retail",)


@pytest.mark.parametrize("key", [DEFINITION, "contracts/retail.yaml"])
def test_large_file_is_refused_before_it_is_fetched(
    key: str, store: MemoryStore, config: ConfigStore
) -> None:
    store.put(key, b"#" * ((1 << 20) + 1))
    if key == DEFINITION:
        store.fail_next("download", AssertionError("fetched"))

    with pytest.raises(ConfigError, match="has 1048577 bytes; at most 1048576 are read"):
        config.load("retail")


def test_missing_contract_is_refused_where_it_is_named(
    store: MemoryStore, config: ConfigStore, definition: str
) -> None:
    store.put(DEFINITION, definition.replace("contracts/retail", "contracts/gone").encode())

    with pytest.raises(ConfigError, match=r"retail\.yaml:5: There is no contract 'contracts/gone"):
        config.load("retail")


def test_contract_error_names_the_contract(
    store: MemoryStore, agents: dict[str, AgentSpec]
) -> None:
    store.put("contracts/retail.yaml", b"kind: DataContract\nversoin: 1")

    with pytest.raises(ConfigError, match=r"contracts/retail\.yaml:2: .*versoin"):
        ConfigStore(store, agents=agents, read_contract=read_contract).load("retail")


def test_byte_order_mark_is_read_over_and_kept_in_the_digest(
    store: MemoryStore, config: ConfigStore, definition: str
) -> None:
    data = b"\xef\xbb\xbf" + definition.encode()
    store.put(DEFINITION, data)

    assert config.load("retail").digest == hash_bytes(data)


def test_relative_landing_starts_at_a_local_config(
    tmp_path: Path, fakes: FakeConfig, definition: str
) -> None:
    local = LocalStore(tmp_path)
    local.put(DEFINITION, definition.replace("s3://landing/retail", "landing/retail").encode())
    local.put("contracts/retail.yaml", b"retail")

    loaded = fakes(local).load("retail")

    assert loaded.workflow.landing.uri == (tmp_path / "landing/retail").as_uri()
