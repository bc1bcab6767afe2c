"""What a workflow definition may say, as the models its YAML is validated by."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from penstock.model import Condition, Value

__all__ = [
    "DATASET_NAME",
    "Definition",
    "Gate",
    "HistoryUse",
    "Landing",
    "LogTo",
    "NotifyTo",
    "PublishTo",
    "Step",
    "WebhookTo",
]

NAME = r"^[a-z][a-z0-9_-]{0,62}$"
DATASET_NAME = r"^[a-z][a-z0-9_]{0,62}$"
"""Also part of keys in the object store and name of a table: no dash, no dot, no capital."""

Name = Annotated[str, Field(pattern=NAME)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Landing(Value):
    """Where producers put the files of the dataset, and how many make one batch."""

    uri: str = Field(
        min_length=1,
        description="`s3://bucket/prefix`, `file:///folder` or a path; a relative path starts at"
        " the config folder and is refused where the config lies in S3",
    )
    pattern: str = Field(
        min_length=1, description="shell pattern of the keys below `uri`, as `*.csv.gz`"
    )
    max_files: int = Field(default=1000, ge=1, le=100_000, description="files in one batch")
    max_bytes: int = Field(default=1 << 30, ge=1, description="bytes in one batch")
    quiet_s: float = Field(
        default=2,
        ge=0,
        le=86_400,
        description="seconds for which a file must not have been written to before it is claimed",
    )


class Step(Value):
    """One step: an agent, the steps whose outputs it takes, and what happens when it fails."""

    name: Name
    agent: str = Field(min_length=1, description="name of a registered agent")
    needs: tuple[str, ...] = Field(description="steps whose outputs it takes; [] for a first step")
    retries: int = Field(default=3, ge=0, le=20, description="after transient errors only")
    retry_delay_s: Seconds = Field(
        default=2, description="before the first retry; doubles with each, with jitter"
    )
    timeout_s: Seconds = Field(default=900, description="for one attempt")
    on_error: Literal["hold", "skip"] = Field(
        default="hold",
        description="`hold` stops the batch; `skip` goes on without this step's output, and is"
        " refused where another step cannot do without it",
    )


class Gate(Value):
    """When stewards must be asked: if any of the conditions holds."""

    ask_if: tuple[Condition, ...] = Field(
        min_length=1, description="combined by *or*; must cover every critical finding"
    )
    proof: Literal["none"] = Field(
        description="how a steward proves who decided; `none` records decisions as not proved"
    )


class PublishTo(Value):
    """Where the rows go."""

    table: str = Field(pattern=DATASET_NAME, description="name of the published table")


class LogTo(Value):
    """Write messages to the log of the run."""

    kind: Literal["log"]


class WebhookTo(Value):
    """Post messages as JSON over HTTP."""

    kind: Literal["webhook"]
    url_env: str = Field(
        pattern=r"^[A-Z][A-Z0-9_]*$",
        description="environment variable that holds the address, which may be a secret",
    )


NotifyTo = Annotated[LogTo | WebhookTo, Field(discriminator="kind")]


class HistoryUse(Value):
    """How far back a batch is compared."""

    limit: int = Field(default=365, ge=1, le=10_000, description="accepted batches")


class Definition(Value):
    """A workflow definition as it is written.

    There is no way to say that nobody is ever asked: `gate.ask_if` must hold for every critical
    finding, and every way to an effect passes the gate.
    """

    name: Name = Field(alias="workflow", description="also the name of its file")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    dataset: str = Field(pattern=DATASET_NAME)
    description: str = ""
    landing: Landing
    contract: str = Field(min_length=1, description="key in the config, as `contracts/x.yaml`")
    steps: tuple[Step, ...] = Field(min_length=1, max_length=200)
    gate: Gate
    in_order: bool = Field(
        default=False, description="a held batch also holds the later ones of the dataset"
    )
    publish: PublishTo
    stewards: tuple[str, ...] = Field(
        min_length=1, description="who may be asked, as `ann@example.org`"
    )
    notify: tuple[NotifyTo, ...] = Field(default=(LogTo(kind="log"),), min_length=1)
    history: HistoryUse = HistoryUse()
