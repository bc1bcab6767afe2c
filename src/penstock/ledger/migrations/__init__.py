"""Alembic revisions of the ledger, oldest first; never edited after a release."""
