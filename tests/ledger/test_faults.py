"""A database that fails: what is said, and whether a retry may help. Never a password."""

from __future__ import annotations

import pickle
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, NullPool, create_engine, event, make_url

from penstock.errors import ConfigError, Conflict, PenstockError, StoreRefused, StoreUnavailable
from penstock.ledger import Ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

SECRET = "hunter2"  # noqa: S105 - what must not be shown


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, kept from others."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def failure(url: str) -> PenstockError:
    with Ledger(url) as ledger, pytest.raises(PenstockError) as refused:
        ledger.migrate()
    shown = str(refused.value) + str(refused.value.__cause__) + repr(refused.value.__cause__)
    assert SECRET not in shown
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301 - ours
    return refused.value


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"nonsense {SECRET}", "The ledger's URL cannot be read. Use sqlite:"),
        (f"postgresql://u:{SECRET}@host:port/db", "The ledger's URL cannot be read."),
        (f"mysql://u:{SECRET}@host/db", "The ledger cannot be kept in 'mysql'."),
        ("sqlite://", "each connection would see another one"),
        ("sqlite:///:memory:", "each connection would see another one"),
        ("sqlite:///ledger.db", "depends on the working directory"),
    ],
)
def test_a_url_that_can_not_be_used_is_refused_at_once(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Ledger(url)

    assert message in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_making_a_ledger_opens_nothing(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path}/ledger.db").close()

    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    error = failure(f"sqlite:///{tmp_path}/missing/ledger.db")

    assert isinstance(error, ConfigError)
    assert f"{tmp_path}/missing/ledger.db cannot be opened" in str(error)
    assert "Create its folder" in str(error)


def test_a_file_that_may_not_be_written_is_named_and_can_still_be_verified(
    migrated_sqlite: Path,
) -> None:
    # Root may write to any file: SQLite is told instead that this one is read-only.
    with Ledger(f"sqlite:///file:{migrated_sqlite}?mode=ro&uri=true") as ledger:
        ledger.migrate()
        assert ledger.verify_audit() is None

        with pytest.raises(ConfigError, match="cannot be opened for writing"):
            ledger.audit(kind="a.b", subject="c:d", body={})


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("this is not a database, but longer than its header" * 9)

    error = failure(f"sqlite:///{tmp_path}/ledger.db")

    assert isinstance(error, ConfigError)
    assert "is not a readable SQLite database" in str(error)


def test_a_file_that_another_process_holds_may_be_free_later(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with Ledger(f"sqlite:///{path}?timeout=0.01") as ledger:
            with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
                ledger.audit(kind="a.b", subject="c:d", body={})
            assert list(ledger.audit_records()) == []


def test_a_server_that_does_not_answer_may_be_back_later(closed_port: int) -> None:
    error = failure(f"postgresql+psycopg://user:{SECRET}@127.0.0.1:{closed_port}/db")

    assert isinstance(error, StoreUnavailable)
    assert f"postgresql+psycopg://127.0.0.1:{closed_port}/db did not answer" in str(error)


def test_a_password_in_the_query_is_not_shown(closed_port: int) -> None:
    failure(f"postgresql://127.0.0.1:{closed_port}/db?user=me&password={SECRET}")


def test_a_missing_postgresql_database_is_a_wrong_setting(postgres_server: str) -> None:
    url = make_url(postgres_server).set(database="penstock_missing", password=SECRET)

    error = failure(url.render_as_string(hide_password=False))

    assert isinstance(error, ConfigError)
    assert "penstock_missing" in str(error)
    assert "Check database, role, password" in str(error)


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'penstock' AND datname = '{name}'"
)


@pytest.fixture
def cut(postgres_server: str, migrated_postgres: str) -> Callable[..., None]:
    """End the server's side of the ledger's connections."""
    statement = CUT.format(name=make_url(migrated_postgres).database)

    def end(*_: object) -> None:
        with create_engine(postgres_server, poolclass=NullPool).connect() as connection:
            connection.exec_driver_sql(statement)

    return end


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_lost_connection_is_replaced_at_the_next_call(
    ledger: Ledger, cut: Callable[..., None]
) -> None:
    ledger.audit(kind="a.b", subject="c:d", body={})
    cut()

    assert len(list(ledger.audit_records())) == 1


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_connection_lost_in_a_change_undoes_it(ledger: Ledger, cut: Callable[..., None]) -> None:
    event.listen(Engine, "commit", cut)
    try:
        with pytest.raises(StoreUnavailable):
            ledger.audit(kind="a.b", subject="c:d", body={})
    finally:
        event.remove(Engine, "commit", cut)

    assert list(ledger.audit_records()) == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_text_that_can_not_be_kept_is_refused_without_showing_it(ledger: Ledger) -> None:
    with pytest.raises(StoreRefused, match="refused a statement") as refused:
        ledger.record_workflow(
            name=f"{SECRET}\0", version="1", config_path="x", object_version=None, digest="d"
        )

    assert SECRET not in str(refused.value) + str(refused.value.__cause__)


def test_a_row_that_breaks_a_constraint_is_a_conflict(ledger: Ledger, make: Samples) -> None:
    ledger.record_release(make.release())
    twice = make.claim(files=make.claim().files * 2)

    with pytest.raises(Conflict, match="breaks one of its constraints"):
        ledger.begin(twice, release=make.release_id, flow_run=None, owner="worker-1")

    assert ledger.batches() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_is_set_to_be_durable_and_to_keep_its_references(ledger: Ledger) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "recursive_triggers": 1}

    with ledger._database.reading() as connection:  # noqa: SLF001 - settings of a connection
        found = {p: connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in wanted}

    assert found == wanted
