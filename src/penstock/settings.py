"""Settings of one installation, from the environment (`PENSTOCK_*`) and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from penstock.errors import ConfigError

__all__ = ["Settings", "read_settings"]


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _absolute_place(place: str | None) -> str | None:
    """Make a folder absolute: workers run in other folders than commands. A uri stays as it is."""
    return place if place is None or "://" in place else str(_absolute(Path(place)))


Place = Annotated[str | None, AfterValidator(_absolute_place)]


class Settings(BaseSettings):
    """Where things are kept. Each field is `PENSTOCK_` plus its name in capitals.

    All places but `home` default to folders and SQLite files inside `home`, so that setting
    `home` and `config` is enough on one machine. Workers, commands and flows must be given the
    same settings.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_", frozen=True, extra="forbid")

    home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default=Path("~/.penstock"),
        validate_default=True,
        description="folder of everything that has no own place",
    )
    config: Place = Field(
        default=None, description="folder or `s3://bucket/prefix` of workflows and contracts"
    )
    store: Place = Field(
        default=None, description="object store of claims, staged files, evidence and lineage"
    )
    ledger: str | None = Field(default=None, description="SQLAlchemy URL of the ledger")
    catalog: str | None = Field(default=None, description="SQLAlchemy URL of the Iceberg catalog")
    warehouse: Place = Field(default=None, description="folder or `s3://` of published tables")
    lineage_transport: dict[str, JsonValue] | None = Field(
        default=None, description="OpenLineage client transport as JSON, `{'type': 'http', ...}`"
    )
    lease_s: float = Field(
        default=900, gt=0, description="seconds after which a dead owner's claim is taken over"
    )
    max_attempts: int = Field(
        default=5,
        ge=1,
        description="attempts at a batch that fails for unknown causes, until it is dead-lettered",
    )

    @property
    def config_uri(self) -> str:
        """Place of workflows and contracts."""
        return self.config or str(self.home / "config")

    @property
    def store_uri(self) -> str:
        """Place of claims, staged files, evidence, results and lineage."""
        return self.store or str(self.home / "store")

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def catalog_url(self) -> str:
        """SQLAlchemy URL of the Iceberg catalog."""
        return self.catalog or f"sqlite:///{self.home / 'catalog.db'}"

    @property
    def warehouse_uri(self) -> str:
        """Place of the published tables."""
        return self.warehouse or str(self.home / "warehouse")

    @property
    def scratch(self) -> Path:
        """Local folder for files in work; everything in it can be lost."""
        return self.home / "scratch"

    def environment(self) -> dict[str, str]:
        """Return the environment variables that give another process the same settings."""
        transport = self.lineage_transport
        return {
            "PENSTOCK_HOME": str(self.home),
            "PENSTOCK_CONFIG": self.config_uri,
            "PENSTOCK_STORE": self.store_uri,
            "PENSTOCK_LEDGER": self.ledger_url,
            "PENSTOCK_CATALOG": self.catalog_url,
            "PENSTOCK_WAREHOUSE": self.warehouse_uri,
            "PENSTOCK_LEASE_S": str(self.lease_s),
            "PENSTOCK_MAX_ATTEMPTS": str(self.max_attempts),
            **({} if transport is None else {"PENSTOCK_LINEAGE_TRANSPORT": json.dumps(transport)}),
        }


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        ConfigError: when a variable has a value that cannot be used.
    """
    try:
        settings = Settings()
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        name = "PENSTOCK_" + "_".join(str(part) for part in error["loc"]).upper()
        raise ConfigError(
            f"Environment variable {name} cannot be used: {error['msg']}.",
            remedy="Correct or unset it.",
        ) from exc
    if settings.lineage_transport is not None:
        from penstock.lineage import check_transport  # noqa: PLC0415 - only when there is one

        check_transport(settings.lineage_transport)
    return settings
