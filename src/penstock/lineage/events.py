"""The events of a run: which one comes next, and what it says. Loads the OpenLineage client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.serde import Serde

from penstock.lineage.facets import (
    PRODUCER,
    error_facets,
    input_facets,
    job_facets,
    output_facets,
    output_statistics,
    quality_facets,
    run_facets,
    state_facets,
)
from penstock.lineage.naming import DatasetName, name_dataset, run_id
from penstock.lineage.outbox import Event
from penstock.lineage.run import Approval, LineageRun
from penstock.model import Published

__all__ = ["EventMaker", "News"]

TERMINAL = {"COMPLETE", "ABORT", "FAIL"}

CARRIED = ("nominalTime", "parent")
"""Facets of START that later events repeat: what they are made from no longer knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to tell."""

    kind: str
    published: Published | None = None
    approval: Approval | None = None
    step: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMaker:
    """Makes the events of one batch under one release."""

    run: LineageRun
    namespace: str
    warehouse: str | None
    at: datetime

    def make(self, known: Sequence[Event], news: News) -> list[Event]:
        """Return the events to add to those known: none where it was said, or all is over.

        A missing START comes first: OpenLineage wants one for every run, and the step that tells
        it is not done again when a batch that failed is processed once more.
        """
        current = _current(known)
        made: list[Event] = []
        if _is_over(current):
            if news.kind == "FAIL" or current[-1]["eventType"] != "FAIL":
                return []
            current = []
        if not current:
            attempt = 1 + sum(event["eventType"] == "FAIL" for event in known)
            number = run_id(self.run.claim, self.run.release, attempt=attempt)
            made.append(self._event(number, News(kind="START"), start=None))
        start = (current or made)[0]
        if news.kind != "START" and not _is_said(current, news):
            made.append(self._event(start["run"]["runId"], news, start=start))
        return made

    def _event(self, number: str, news: News, *, start: Event | None) -> Event:
        counts = None if news.published is None else news.published.counts
        carried = {} if start is None else start["run"]["facets"]
        event = RunEvent(
            eventType=RunState(news.kind),
            eventTime=self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            producer=PRODUCER,
            run=Run(
                runId=number,
                facets={
                    **{name: carried[name] for name in CARRIED if name in carried},
                    **run_facets(self.run, counts),
                    **state_facets(tags=self._tags(news), approval=news.approval, step=news.step),
                    **({} if news.error is None else error_facets(news.error)),
                },
            ),
            job=Job(namespace=self.namespace, name=self.run.dataset, facets=job_facets()),
            inputs=[] if news.kind == "RUNNING" else self._inputs(),
            outputs=self._outputs(news),
        )
        made: Event = Serde.to_dict(event)
        if news.kind == "FAIL" and not made["inputs"] and start is not None:
            made["inputs"] = start["inputs"]
        return made

    def _tags(self, news: News) -> Mapping[str, str]:
        approval = news.approval
        if approval is None:
            return self.run.tags
        by = {} if approval.decided_by is None else {"approver": approval.decided_by}
        return {**self.run.tags, "approval": approval.state, **by}

    def _inputs(self) -> list[InputDataset]:
        inputs = []
        for position, file in enumerate(sorted(self.run.files, key=lambda file: file.uri)):
            name = name_dataset(file.uri)
            facets, reading = input_facets(self.run, file)
            # Rules run over all files of a batch together: their results are told once, at the
            # first file, and say how many files they cover.
            quality = quality_facets(self.run) if position == 0 else {}
            inputs.append(
                InputDataset(
                    namespace=name.namespace,
                    name=name.name,
                    facets=facets,
                    inputFacets={**reading, **quality},
                )
            )
        return inputs

    def _outputs(self, news: News) -> list[OutputDataset]:
        table, published = self.run.table, news.published
        if table is None or news.kind not in {"START", "COMPLETE"}:
            return []
        if self.warehouse is None:
            return [OutputDataset(namespace=self.namespace, name=table)]
        place = _table_name(self.warehouse, table)
        return [
            OutputDataset(
                namespace=place.namespace,
                name=place.name,
                facets=output_facets(
                    self.run,
                    table=table,
                    warehouse=self.warehouse,
                    snapshot=None if published is None else published.snapshot,
                    tags=self._tags(news),
                ),
                outputFacets={} if published is None else output_statistics(published),
            )
        ]


def _table_name(warehouse: str, table: str) -> DatasetName:
    return name_dataset(f"{warehouse.rstrip('/')}/{table}")


def _current(known: Sequence[Event]) -> Sequence[Event]:
    """Return the events of the newest run of a log."""
    starts = [position for position, event in enumerate(known) if event["eventType"] == "START"]
    return known[starts[-1] :] if starts else ()


def _is_over(current: Sequence[Event]) -> bool:
    return bool(current) and current[-1]["eventType"] in TERMINAL


def _is_said(current: Sequence[Event], news: News) -> bool:
    return news.kind == "RUNNING" and any(_step(event) == news.step for event in current)


def _step(event: Event) -> Any:  # noqa: ANN401 - a value of JSON
    return event["run"]["facets"].get("penstock_progress", {}).get("step")
