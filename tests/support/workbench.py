"""An installation of Penstock in a folder, with one small dataset, for tests of whole journeys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from penstock.model import BatchRecord, Choice, Decision, Request
from penstock.settings import Settings
from penstock.stores import join_uri, open_store
from penstock.tools import Tools

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true, unique: true}
      - name: item
        logicalType: string
        required: true
      - name: pieces
        logicalType: integer
        logicalTypeOptions: {minimum: 0, maximum: 1000}
"""

STEPS = """
  - {name: ingest, agent: ingest, needs: [], retry_delay_s: 0.01}
  - {name: scan, agent: scan, needs: [ingest], retry_delay_s: 0.01}
  - {name: validate, agent: validate, needs: [ingest, scan], retry_delay_s: 0.01}
  - {name: detect, agent: detect, needs: [ingest, scan], retry_delay_s: 0.01}
  - {name: tag, agent: tag, needs: [ingest, scan, validate, detect], retry_delay_s: 0.01}
  - {name: report, agent: report, needs: [ingest, scan, validate, detect, tag]}
  - {name: gate, agent: gate, needs: [report]}
  - {name: prepare, agent: prepare, needs: [gate], retry_delay_s: 0.01}
  - {name: publish, agent: publish, needs: [prepare], retry_delay_s: 0.01}
  - {name: notify, agent: notify, needs: [publish], on_error: skip, retries: 1, retry_delay_s: 0.01}
"""

WORKFLOW = """
workflow: orders
version: "{version}"
dataset: orders
landing: {{uri: "{landing}", pattern: "*", max_files: 1, quiet_s: 0}}
contract: contracts/orders.yaml
steps: {steps}
gate:
  ask_if: [{{field: severity, op: ge, value: high}}]
  proof: none
in_order: {in_order}
publish: {{table: orders}}
stewards: [ann@example.org]
notify: {notify}
"""

Row = tuple[object, object, object]


@dataclass
class Workbench:
    """A config, a landing and everything kept, below one folder or `s3://` prefix."""

    home: Path
    root: str
    ledger: str | None = None
    catalog: str | None = None
    lease_s: float = 60
    version: int = 1
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def settings(self) -> Settings:
        return Settings(
            home=self.home,
            config=join_uri(self.root, "config"),
            store=join_uri(self.root, "store"),
            warehouse=join_uri(self.root, "warehouse"),
            ledger=self.ledger,
            catalog=self.catalog,
            lease_s=self.lease_s,
        )

    @cached_property
    def tools(self) -> Tools:
        return Tools(settings=self.settings)

    @property
    def landing_uri(self) -> str:
        return join_uri(self.root, "landing")

    def configure(
        self,
        *,
        contract: str = CONTRACT,
        steps: str = STEPS,
        notify: str = "[{kind: log}]",
        in_order: bool = False,
        version: int | None = None,
    ) -> None:
        self.version = version or self.version
        config = open_store(self.settings.config_uri)
        workflow = WORKFLOW.format(
            version=self.version,
            landing=self.landing_uri,
            steps=steps,
            notify=notify,
            in_order="true" if in_order else "false",
        )
        config.put("workflows/orders.yaml", workflow.encode())
        config.put("contracts/orders.yaml", contract.encode())

    def land(self, name: str, rows: Iterable[Row] | bytes) -> str:
        """Put a file into the landing: rows of (id, item, pieces) as CSV, or raw bytes."""
        if not isinstance(rows, bytes):
            lines = ["id,item,pieces", *(",".join(map(str, row)) for row in rows)]
            rows = ("\n".join(lines) + "\n").encode()
        open_store(self.landing_uri).put(name, rows)
        return join_uri(self.landing_uri, name)

    def published(self) -> list[tuple[int, str, int | None]]:
        """Return what is in the published table, by id."""
        tables = self.tools.tables
        if "orders" not in tables.names():
            return []
        rows = tables.query("SELECT id, item, pieces FROM orders ORDER BY id").to_pylist()
        return [(row["id"], row["item"], row["pieces"]) for row in rows]

    def batches(self) -> list[BatchRecord]:
        """Return all batches, oldest first."""
        found = self.tools.ledger.batches("orders", limit=1000)
        return sorted(found, key=lambda record: record.sequence)

    def states(self) -> list[str]:
        return [record.state.value for record in self.batches()]

    def request(self) -> Request:
        """Return the one open request."""
        (request,) = self.tools.ledger.requests(state="open")
        return request

    def decide(self, choice: Choice, *, note: str = "seen") -> Decision:
        request = self.request()
        return self.tools.ledger.decide(
            request.id, choice=choice, note=note, by="ann", evidence=request.evidence
        )


def good(start: int = 1, count: int = 20) -> Sequence[Row]:
    """Rows that keep the contract."""
    return [(number, f"item {number}", number % 50) for number in range(start, start + count)]


def bad(start: int = 1, count: int = 20, failing: int = 8) -> Sequence[Row]:
    """Rows of which the first few break the contract's range, many enough to hold the batch."""
    return [
        (number, f"item {number}", -1 if number < start + failing else number % 50)
        for number in range(start, start + count)
    ]
