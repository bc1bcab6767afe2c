"""OpenLineage events, written to a durable outbox before they are sent."""
