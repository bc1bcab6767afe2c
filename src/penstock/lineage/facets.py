"""OpenLineage facets from Penstock's values; importing this loads the OpenLineage client."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

from openlineage.client.facet_v2 import (
    BaseFacet,
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
    catalog_dataset,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
    symlinks_dataset,
    tags_dataset,
    tags_run,
)

from penstock import __version__
from penstock.lineage.custom import ApprovalRunFacet, BatchRunFacet, ProgressRunFacet
from penstock.lineage.naming import name_dataset
from penstock.lineage.run import Approval, LineageRun
from penstock.model import (
    ColumnProfile,
    Finding,
    IngestedFile,
    Outcome,
    Published,
    RowCounts,
    RuleResult,
    Severity,
)

__all__ = [
    "PRODUCER",
    "error_facets",
    "input_facets",
    "job_facets",
    "output_facets",
    "output_statistics",
    "quality_facets",
    "run_facets",
    "state_facets",
]

PRODUCER = f"urn:penstock:{__version__}"
F = TypeVar("F", bound=BaseFacet)

TAG_SOURCE = "PENSTOCK"

ASSERTIONS = {"required": "not_null"}
"""OpenLineage's word for a kind of rule, where it has another one."""

NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE", "U")
QUANTILES = ("0.05", "0.25", "0.5", "0.75", "0.95")


def run_facets(run: LineageRun, rows: RowCounts | None) -> dict[str, RunFacet]:
    """Return what identifies the run: batch, engine, nominal time, parent."""
    facets: dict[str, RunFacet] = {
        "penstock_batch": BatchRunFacet(
            claim=run.claim,
            release=run.release,
            batch=run.batch,
            evidence=run.evidence,
            workflow=run.workflow,
            contract=run.contract,
            requestedBy=run.requested_by,
            rows=None if rows is None else rows.model_dump(exclude_none=True),
        ),
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
            version=__version__, name="Penstock", openlineageAdapterVersion=__version__
        ),
    }
    if run.claimed_at is not None:
        facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=run.claimed_at.isoformat()
        )
    if run.parent is not None:
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=run.parent.run_id),
            job=parent_run.Job(namespace=run.parent.namespace, name=run.parent.job),
        )
    return _produced(facets)


def state_facets(
    *, tags: Mapping[str, str], approval: Approval | None, step: str | None
) -> dict[str, RunFacet]:
    """Return what changes while a run goes on: tags, approval, step."""
    facets: dict[str, RunFacet] = {
        "tags": tags_run.TagsRunFacet(
            tags=[
                tags_run.TagsRunFacetFields(key=key, value=value, source=TAG_SOURCE)
                for key, value in tags.items()
            ]
        )
    }
    if approval is not None:
        facets["penstock_approval"] = ApprovalRunFacet(
            state=approval.state,
            evidence=approval.evidence,
            request=approval.request,
            decision=approval.decision,
            decidedBy=approval.decided_by,
        )
    if step is not None:
        facets["penstock_progress"] = ProgressRunFacet(step=step)
    return _produced(facets)


def error_facets(message: str) -> dict[str, RunFacet]:
    """Return what went wrong, without a stack trace: it might show values."""
    return _produced(
        {
            "errorMessage": error_message_run.ErrorMessageRunFacet(
                message=message, programmingLanguage="python"
            )
        }
    )


def job_facets() -> dict[str, JobFacet]:
    """Return what kind of job it is."""
    return _produced(
        {
            "jobType": job_type_job.JobTypeJobFacet(
                processingType="BATCH", integration="PENSTOCK", jobType="FLOW"
            )
        }
    )


def input_facets(
    run: LineageRun, file: IngestedFile
) -> tuple[dict[str, DatasetFacet], dict[str, InputDatasetFacet]]:
    """Return the facets of a landed file, and those of its reading."""
    facets: dict[str, DatasetFacet] = {
        "schema": _schema(run),
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=file.version),
    }
    reading: dict[str, InputDatasetFacet] = {
        "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=file.records, size=file.raw.size, fileCount=1
        )
    }
    return _produced(facets), _produced(reading)


def quality_facets(run: LineageRun) -> dict[str, InputDatasetFacet]:
    """Return what the rules and the profile say about all files of the batch together."""
    facets: dict[str, InputDatasetFacet] = {
        "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[
                *(_asserted(rule, files=len(run.files)) for rule in run.rules),
                *(_noticed(finding) for finding in run.findings if finding.rule is None),
            ]
        )
    }
    if run.profile is not None:
        facets["dataQualityMetrics"] = (
            data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
                rowCount=run.profile.rows,
                fileCount=len(run.files),
                columnMetrics={
                    column.name: _metrics(column, run.profile.rows)
                    for column in run.profile.columns
                },
            )
        )
    return _produced(facets)


def output_facets(
    run: LineageRun, *, table: str, warehouse: str, snapshot: int | None, tags: Mapping[str, str]
) -> dict[str, DatasetFacet]:
    """Return the facets of the published table."""
    place = name_dataset(warehouse)
    facets: dict[str, DatasetFacet] = {
        "schema": _schema(run),
        "symlinks": symlinks_dataset.SymlinksDatasetFacet(
            identifiers=[
                symlinks_dataset.Identifier(
                    namespace=f"{place.namespace}{place.name}", name=table, type="TABLE"
                )
            ]
        ),
        "catalog": catalog_dataset.CatalogDatasetFacet(
            framework="iceberg", type="jdbc", name="penstock", warehouseUri=warehouse
        ),
    }
    if snapshot is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=str(snapshot)
        )
        facets["tags"] = tags_dataset.TagsDatasetFacet(
            tags=[
                tags_dataset.TagsDatasetFacetFields(key=key, value=value, source=TAG_SOURCE)
                for key, value in tags.items()
            ]
        )
    return _produced(facets)


def output_statistics(published: Published) -> dict[str, OutputDatasetFacet]:
    """Return what was written."""
    return _produced(
        {
            "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=published.counts.published, fileCount=1
            )
        }
    )


def _schema(run: LineageRun) -> schema_dataset.SchemaDatasetFacet:
    return schema_dataset.SchemaDatasetFacet(
        fields=[
            schema_dataset.SchemaDatasetFacetFields(
                name=column.name, type=column.type, ordinal_position=position
            )
            for position, column in enumerate(run.columns, start=1)
        ]
    )


def _asserted(rule: RuleResult, *, files: int) -> data_quality_assertions_dataset.Assertion:
    # Unknown is never passed; the outcome tells it from failed.
    params: dict[str, Any] = {
        "outcome": rule.outcome.value,
        "severity": rule.severity.value,
        "columns": list(rule.columns),
        "rowsChecked": rule.rows_checked,
        "rowsFailed": rule.rows_failed,
        "files": files,
    }
    if rule.reason is not None:
        params["reason"] = rule.reason
    return data_quality_assertions_dataset.Assertion(
        assertion=ASSERTIONS.get(rule.kind, rule.kind),
        success=rule.outcome is Outcome.PASSED,
        column=rule.columns[0] if len(rule.columns) == 1 else None,
        severity=_level(rule.severity),
        name=rule.rule,
        expected=rule.expected,
        actual=rule.observed,
        params=params,
    )


def _noticed(finding: Finding) -> data_quality_assertions_dataset.Assertion:
    return data_quality_assertions_dataset.Assertion(
        assertion=finding.kind,
        success=False,
        column=finding.column,
        severity=_level(finding.severity),
        name=finding.id,
        expected=finding.expected,
        actual=finding.observed,
        params={"severity": finding.severity.value},
    )


def _level(severity: Severity) -> str:
    return "error" if severity.rank >= Severity.HIGH.rank else "warn"


def _metrics(column: ColumnProfile, rows: int) -> data_quality_metrics_input_dataset.ColumnMetrics:
    is_number = column.type.upper().startswith(NUMERIC)
    quantiles = zip(QUANTILES, column.quantiles or (), strict=False)
    return data_quality_metrics_input_dataset.ColumnMetrics(
        nullCount=column.missing,
        distinctCount=column.distinct,
        count=rows - column.missing,
        min=_number(column.minimum) if is_number else None,
        max=_number(column.maximum) if is_number else None,
        quantiles={key: value for key, value in quantiles if is_number and math.isfinite(value)},
    )


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _produced(facets: dict[str, F]) -> dict[str, F]:
    for facet in facets.values():
        facet._producer = PRODUCER  # noqa: SLF001 - the client's field has this name
    return facets
