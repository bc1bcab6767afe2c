"""Find out at the start whether a store can be relied on."""

from __future__ import annotations

from penstock.errors import StoreRefused
from penstock.stores.local import LocalStore
from penstock.stores.store import ObjectStore

__all__ = ["probe", "probe_landing"]

PROBE_KEY = "probe/exclusive-create"
FIRST, SECOND = b"penstock probe\n", b"overwritten by a probe: this store loses claims\n"


def probe(store: ObjectStore) -> None:
    """Show that claims can be kept in a store, or raise `StoreRefused`.

    Some stores accept a conditional put and ignore the condition: every claimer would win. The
    probe leaves one small object behind and may run any number of times at once.
    """
    store.put(PROBE_KEY, FIRST, only_new=True)
    overwritten = store.put(PROBE_KEY, SECOND, only_new=True)
    if overwritten or store.get(PROBE_KEY) != FIRST:
        raise StoreRefused(
            f"{store.root} overwrote an object that was to be created only if it is new, so two"
            " claimers could both win.",
            remedy="Use a store that honours `If-None-Match: *` (Amazon S3, SeaweedFS, MinIO), then"
            f" remove {PROBE_KEY!r}.",
        )
    if not any(info.key == PROBE_KEY for info in store.list(PROBE_KEY)):
        raise StoreRefused(
            f"{store.root} does not list an object that was just written.",
            remedy="Use a store with consistent listings.",
        )


def probe_landing(store: ObjectStore) -> None:
    """Show that a landing can be listed, or raise; nothing is written to it."""
    if isinstance(store, LocalStore) and not store.folder.is_dir():
        raise StoreRefused(
            f"Landing {store.root} is not a folder.",
            remedy="Create it, or correct the landing in the definition.",
        )
    next(store.list(), None)
