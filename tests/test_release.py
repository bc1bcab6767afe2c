"""Releases: the same for the same code, definition and contract, and for nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from penstock.contracts import Contract, ContractColumn
from penstock.model import Condition, Release, Severity, hash_bytes
from penstock.release import build_release, digest_code
from penstock.workflows import Gate, Landing, LoadedWorkflow, PublishTo, Step, Workflow


@pytest.fixture
def loaded() -> LoadedWorkflow:
    workflow = Workflow(
        name="retail",
        version="3",
        dataset="retail",
        landing=Landing(uri="s3://b/x", pattern="*"),
        contract="contracts/retail.yaml",
        steps=(Step(name="a", agent="a", needs=()),),
        gate=Gate(ask_if=(Condition(field="severity", op="ge", value="high"),), proof="none"),
        publish=PublishTo(table="retail"),
        stewards=("ann",),
        wires=(),
        digest=hash_bytes(b"definition"),
        source="w.yaml",
    )
    contract = Contract(
        id="c",
        version="1.0.0",
        dataset="retail",
        columns=(ContractColumn(name="a", type="VARCHAR", severity=Severity.HIGH),),
        rules=(),
        digest=hash_bytes(b"contract"),
        source="c.yaml",
    )
    return LoadedWorkflow(
        workflow=workflow,
        contract=contract,
        contract_text="contract",
        config_path="memory://x/workflows/retail.yaml",
        object_version="1",
        digest=workflow.digest,
        contract_path="memory://x/contracts/retail.yaml",
        contract_digest=contract.digest,
    )


def test_release_names_what_it_is_made_of(loaded: LoadedWorkflow) -> None:
    release = build_release(loaded)

    assert release.workflow == "retail@3"
    assert release.workflow_digest == loaded.digest
    assert release.contract == "c@1.0.0"
    assert release.contract_digest == loaded.contract_digest
    assert release.code_version == version("penstock")
    assert release.libraries["duckdb"] == version("duckdb")
    assert set(release.libraries) == {"duckdb", "numpy", "pyarrow", "pyiceberg", "sqlglot"}


@pytest.mark.parametrize("field", ["digest", "contract_digest"])
def test_any_other_content_is_another_release(field: str, loaded: LoadedWorkflow) -> None:
    changed = loaded.model_copy(update={field: hash_bytes(b"a comment more")})

    assert build_release(changed).id != build_release(loaded).id


def test_where_and_when_it_was_loaded_is_no_part_of_a_release(loaded: LoadedWorkflow) -> None:
    moved = loaded.model_copy(
        update={"config_path": "s3://elsewhere/retail.yaml", "object_version": "2"}
    )

    assert build_release(moved) == build_release(loaded)


def test_another_process_gives_the_same_release(loaded: LoadedWorkflow, tmp_path: Path) -> None:
    code = (
        "import sys; from penstock.release import build_release;"
        "from penstock.workflows import LoadedWorkflow;"
        "print(build_release(LoadedWorkflow.model_validate_json(sys.stdin.read()))"
        ".model_dump_json())"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=loaded.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert Release.model_validate(json.loads(done.stdout)) == build_release(loaded)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


CORE = {"a.py": "a", "report/page.html": "p", "ledger/migrations/1.py": "m"}
FLOWS = {"__init__.py": "", "run.py": "r"}


def test_code_has_the_same_digest_wherever_and_however_it_lies(tmp_path: Path) -> None:
    core = write(tmp_path / "src", dict(reversed(CORE.items())))
    flows = write(tmp_path / "flows", FLOWS)
    wheel = write(tmp_path / "site/penstock", CORE | {f"flows/{k}": v for k, v in FLOWS.items()})

    mapped = digest_code({"": [core], "flows": [flows]})

    assert mapped == digest_code({"": [wheel]})
    assert mapped == digest_code({"": [wheel], "flows": [wheel / "flows"]})


@pytest.mark.parametrize("name", [*CORE, "flows/run.py"])
def test_every_file_of_code_counts(name: str, tmp_path: Path) -> None:
    wheel = write(tmp_path, CORE | {f"flows/{k}": v for k, v in FLOWS.items()})
    before = digest_code({"": [wheel]})

    write(tmp_path, {name: "changed"})

    assert digest_code({"": [wheel]}) != before


def test_renamed_file_is_other_code(tmp_path: Path) -> None:
    before = digest_code({"": [write(tmp_path, CORE)]})

    (tmp_path / "a.py").rename(tmp_path / "b.py")

    assert digest_code({"": [tmp_path]}) != before


def test_leftovers_do_not_count(tmp_path: Path) -> None:
    before = digest_code({"": [write(tmp_path, CORE)]})

    leftovers = ["__pycache__/a.cpython-311.pyc", "a.pyc", ".a.py.swp", "a.py~", ".cache/a.py"]
    write(tmp_path, dict.fromkeys(leftovers, "x"))

    assert digest_code({"": [tmp_path]}) == before
