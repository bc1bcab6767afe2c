"""Ingest: copy the claimed files into immutable storage and read them into typed Parquet."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from penstock.agents.agent import Agent, Brief
from penstock.errors import LandedFileChanged
from penstock.model import Claim, FileRef, Ingested, IngestedFile, batch_id
from penstock.readers import SourceFile, read_files
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["INGEST"]


def ingest(claim: Claim, brief: Brief, tools: Toolbox) -> Ingested:
    """Return the batch that the claimed files are.

    Raises:
        LandedFileChanged: when a file is gone or is not the version that was claimed.
    """
    sources, raws = _copy(claim, tools)
    batch = batch_id({uri: raw.digest for uri, raw in raws.items()})
    out = tools.scratch / "typed"
    out.mkdir()
    result = read_files(sources, brief.contract, batch=batch, out=out)
    versions = {file.uri: file.version for file in claim.files}
    files = tuple(
        IngestedFile(
            uri=file.uri,
            version=versions[file.uri],
            raw=raws[file.uri],
            records=file.records,
            rows_typed=file.rows_typed,
            rows_miscast=file.rows_miscast,
            records_rejected=file.records_rejected,
        )
        for file in result.files
    )

    def keep(path: Path | None, rows: int) -> FileRef | None:
        if path is None:
            return None
        # Where values are discarded, rows with failed casts are typed, and noted in the file only.
        return tools.objects.add_file(path, rows=rows or None, suffix=".parquet")

    typed = tools.objects.add_file(
        result.typed, rows=sum(file.rows_typed for file in files), suffix=".parquet"
    )
    return Ingested(
        batch=batch,
        dataset=claim.dataset,
        claim=claim.digest,
        files=files,
        columns=result.columns,
        missing_columns=result.missing_columns,
        typed=typed,
        miscast=keep(result.miscast, sum(file.rows_miscast for file in files)),
        rejects=keep(result.rejects, sum(file.records_rejected for file in files)),
        findings=result.findings,
    )


def _copy(claim: Claim, tools: Toolbox) -> tuple[list[SourceFile], dict[str, FileRef]]:
    sources: list[SourceFile] = []
    raws: dict[str, FileRef] = {}
    for number, file in enumerate(claim.files):
        if file.uri in raws:
            raise LandedFileChanged(
                f"{file.uri} is claimed in two versions at once.",
                remedy="Land the second version under a name of its own.",
            )
        folder = tools.scratch / f"{number:06d}"
        folder.mkdir()
        local = folder / "landed"
        tools.fetch(file, local)
        name = Path(unquote(urlsplit(file.uri).path)).name
        raws[file.uri] = tools.objects.add_file(local, suffix="".join(Path(name).suffixes[-2:]))
        sources.append(SourceFile(path=local, uri=file.uri))
    return sources, raws


INGEST = Agent(
    spec=AgentSpec(name="ingest", version=1, takes=Claim, gives=Ingested, role="judge"),
    tools=frozenset({Tool.LANDING, Tool.OBJECTS}),
    decide=ingest,
)
