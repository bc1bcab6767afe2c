"""OpenLineage events, written to a durable outbox before they are sent."""

from penstock.lineage.lineage import Lineage, Resent
from penstock.lineage.run import Approval, LineageRun, ParentRun
from penstock.lineage.transport import check_transport

__all__ = ["Approval", "Lineage", "LineageRun", "ParentRun", "Resent", "check_transport"]
