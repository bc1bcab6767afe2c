from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from penstock.errors import ConfigError, StoreUnavailable
from penstock.tables import Tables
from penstock.tables.catalog import io_properties

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url", ["", "catalog.db", "sqlite://", "sqlite:///:memory:", "mysql://u:hidden@h/d", "nix://x"]
)
def test_catalog_url_that_cannot_be_used_is_refused_without_its_password(
    warehouse: str, url: str
) -> None:
    with (
        Tables(catalog=url, warehouse=warehouse) as tables,
        pytest.raises(ConfigError, match="Write it as") as refusal,
    ):
        tables.names()

    assert "hidden" not in str(refusal.value)


def test_file_that_is_no_database_is_refused(tmp_path: Path, warehouse: str) -> None:
    (tmp_path / "catalog.db").write_text("this is no database" * 100)

    with (
        Tables(catalog=f"sqlite:///{tmp_path}/catalog.db", warehouse=warehouse) as tables,
        pytest.raises(ConfigError, match="cannot be opened"),
    ):
        tables.names()


def test_database_that_does_not_answer_is_transient(warehouse: str) -> None:
    url = "postgresql+psycopg://postgres:hidden@127.0.0.1:9/none"

    with (
        Tables(catalog=url, warehouse=warehouse) as tables,
        pytest.raises(StoreUnavailable, match="did not answer") as failure,
    ):
        tables.names()

    assert "hidden" not in str(failure.value)


def test_standard_environment_becomes_file_access_properties() -> None:
    properties = io_properties(
        {
            "AWS_ENDPOINT_URL": "http://any",
            "AWS_ENDPOINT_URL_S3": "http://s3",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
        }
    )

    assert properties.items() >= {
        ("s3.endpoint", "http://s3"),
        ("s3.region", "eu-central-1"),
        ("s3.access-key-id", "key"),
        ("s3.secret-access-key", "secret"),
        ("s3.session-token", "token"),
    }


def test_empty_environment_leaves_credentials_to_the_default_chain() -> None:
    assert "s3.access-key-id" not in io_properties({})
    assert "s3.endpoint" not in io_properties({})


def test_closed_tables_open_again(tables: Tables) -> None:
    before = tables.names()
    tables.close()
    tables.close()

    assert tables.names() == before == []


def test_importing_the_package_does_not_load_iceberg() -> None:
    program = (
        "import sys; from penstock.tables import Tables; Tables(catalog='x', warehouse='y');"
        "sys.exit(bool({'pyiceberg', 'duckdb', 'pyarrow', 'sqlalchemy'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
