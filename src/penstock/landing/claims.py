"""The log of a dataset's claims: manifests 1, 2, 3, ..., each created exactly once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from threading import RLock

from pydantic import TypeAdapter, ValidationError

from penstock.errors import (
    ConfigError,
    Conflict,
    NotAllowed,
    NotFound,
    StoreUnavailable,
    Tampered,
)
from penstock.landing.landed import as_landed
from penstock.landing.lease import Lease, acquire
from penstock.landing.pattern import compile_pattern, fixed_part, is_landed
from penstock.model import Claim, Clock, Digest, LandedFile, Value, utc_now
from penstock.stores import ObjectStore

__all__ = ["ClaimLog"]

PAGE = 100
"""Manifests that are summed up in one object, so that a new process need not read each."""

DATASET = re.compile(r"\w[\w.-]{0,99}")


class _Entry(Value):
    """What the log must remember of a manifest."""

    digest: Digest
    files: tuple[tuple[str, str], ...]


_PAGE = TypeAdapter(tuple[_Entry, ...])


class ClaimLog:
    """Claims of one dataset, kept in an object store by any number of processes.

    `claims/<dataset>/<sequence>/manifest.json` is created only if it is new, and only by a process
    that has read all manifests before it: so sequences have no gaps, and a version of a file is in
    one manifest at most. Nothing is ever changed or removed. `claims/<dataset>/pages/<n>.json`
    repeats what is needed of a hundred manifests.
    """

    def __init__(
        self, store: ObjectStore, dataset: str, *, clock: Clock = utc_now, lease_s: float = 900
    ) -> None:
        if not DATASET.fullmatch(dataset):
            raise NotAllowed(
                f"Dataset name {dataset!r} cannot be used in the names of objects.",
                remedy="Use letters, digits, '_', '-' and '.', a letter, digit or '_' first,"
                " 100 at most.",
            )
        self._store = store
        self._dataset = dataset
        self._clock = clock
        self._lease_s = lease_s
        self._lock = RLock()
        self._last = 0
        self._claims: dict[Digest, int] = {}
        self._files: dict[tuple[str, str], int] = {}
        self._page: list[_Entry] = []

    def claim_new(
        self,
        landing: ObjectStore,
        *,
        pattern: str,
        requested_by: str,
        max_files: int = 1000,
        max_bytes: int = 1 << 30,
        quiet_s: float = 0,
    ) -> Claim | None:
        """Claim the files that arrived first among those nobody claimed; None when there are none.

        A file larger than `max_bytes` is claimed alone. Files written to within the last `quiet_s`
        seconds are left for later: a local file is visible while it is still being written.
        """
        if max_files < 1:
            raise ConfigError(f"max_files is {max_files}.", remedy="Use 1 or more.")
        matches, now = compile_pattern(pattern).fullmatch, self._clock()
        arrived = sorted(
            (
                as_landed(info)
                for info in landing.list(fixed_part(pattern))
                if is_landed(info.key)
                and matches(info.key)
                and abs((now - info.modified_at).total_seconds()) >= quiet_s
            ),
            key=lambda file: (file.modified_at, file.uri),
        )
        with self._lock:
            while True:
                self._follow()
                new = (file for file in arrived if (file.uri, file.version) not in self._files)
                chosen = _take(new, max_files=max_files, max_bytes=max_bytes)
                if not chosen:
                    return None
                if claim := self._append(self._draft(chosen, requested_by)):
                    return claim

    def claim_files(self, files: Sequence[LandedFile], *, requested_by: str) -> Claim:
        """Claim exactly these file versions; the same ones again give the claim they have.

        Raises:
            Conflict: some of them, but not the same set, belong to an earlier claim.
        """
        chosen = list({(file.uri, file.version): file for file in files}.values())
        if not chosen:
            raise ConfigError("There are no files to claim.", remedy="Name at least one file.")
        with self._lock:
            while True:
                self._follow()
                draft = self._draft(chosen, requested_by)
                if draft.digest in self._claims:
                    return self.read(self._claims[draft.digest])
                for file in chosen:
                    if sequence := self._files.get((file.uri, file.version)):
                        raise Conflict(
                            f"{file.uri} (version {file.version}) already belongs to claim"
                            f" {sequence} of {self._dataset!r}, together with other files.",
                            remedy="Leave it out, or let it land again.",
                        )
                if claim := self._append(draft):
                    return claim

    def claim_rest(self, claim: Claim, files: Sequence[LandedFile]) -> Claim:
        """Claim those files of a claim that can still be read, after the others were lost.

        Called again for the same files, it gives the claim they have.
        """
        with self._lock:
            while True:
                self._follow()
                draft = self._draft(files, claim.requested_by)
                if draft.digest in self._claims:
                    return self.read(self._claims[draft.digest])
                if rest := self._append(draft):
                    return rest

    def sequences(self) -> list[int]:
        """Return the sequences of all claims, oldest first."""
        with self._lock:
            self._follow()
            return list(range(1, self._last + 1))

    def read(self, sequence: int) -> Claim:
        """Return a claim, or raise `NotFound`."""
        claim = self._manifest(sequence)
        if claim is None:
            raise NotFound(
                f"Dataset {self._dataset!r} has no claim {sequence}.",
                remedy="Claims are numbered from 1 in the order they were made.",
            )
        return claim

    def acquire(self, sequence: int, *, owner: str) -> Lease | None:
        """Take the lease on a claim, or return None while another owner holds it.

        The lease of an owner that died runs out by itself. The same owner, come back after a
        crash, need not wait for that: so an owner's name must not be shared by two processes.
        """
        self.read(sequence)
        return acquire(
            self._store,
            f"{self._folder(sequence)}/attempt-",
            owner=owner,
            clock=self._clock,
            lease_s=self._lease_s,
        )

    def _folder(self, sequence: int) -> str:
        return f"claims/{self._dataset}/{sequence:010d}"

    def _manifest(self, sequence: int) -> Claim | None:
        key = f"{self._folder(sequence)}/manifest.json"
        try:
            claim = Claim.model_validate_json(self._store.get(key))
        except NotFound:
            return None
        except ValidationError as error:
            raise self._tampered(key) from error
        if (claim.dataset, claim.sequence) != (self._dataset, sequence):
            raise self._tampered(key)
        return claim

    def _follow(self) -> None:
        """Read what was claimed since this process looked last."""
        while not self._page and (page := self._read_page(self._last // PAGE)):
            for entry in page:
                self._learn(entry)
        while claim := self._manifest(self._last + 1):
            entry = _Entry(
                digest=claim.digest, files=tuple((file.uri, file.version) for file in claim.files)
            )
            self._learn(entry)
            self._page.append(entry)
            if len(self._page) == PAGE:
                self._store.put(
                    self._page_key(self._last // PAGE - 1),
                    _PAGE.dump_json(tuple(self._page)),
                    only_new=True,
                )
                self._page.clear()

    def _learn(self, entry: _Entry) -> None:
        self._last += 1
        self._claims.setdefault(entry.digest, self._last)
        for file in entry.files:
            self._files.setdefault(file, self._last)

    def _page_key(self, number: int) -> str:
        return f"claims/{self._dataset}/pages/{number:08d}.json"

    def _read_page(self, number: int) -> tuple[_Entry, ...] | None:
        key = self._page_key(number)
        try:
            page = _PAGE.validate_json(self._store.get(key))
        except NotFound:
            return None
        except ValidationError as error:
            raise self._tampered(key) from error
        if len(page) != PAGE:
            raise self._tampered(key)
        return page

    def _draft(self, files: Sequence[LandedFile], requested_by: str) -> Claim:
        return Claim(
            dataset=self._dataset,
            sequence=self._last + 1,
            files=tuple(files),
            requested_by=requested_by,
            claimed_at=self._clock(),
        )

    def _append(self, claim: Claim) -> Claim | None:
        """Write the next manifest, or return None when another process did."""
        key = f"{self._folder(claim.sequence)}/manifest.json"
        if self._store.put(key, claim.model_dump_json().encode(), only_new=True):
            return claim
        if self._manifest(claim.sequence) is None:
            raise StoreUnavailable(
                f"{self._store.root}/{key} exists and cannot be read.", remedy="Try again."
            )
        return None

    def _tampered(self, key: str) -> Tampered:
        return Tampered(
            f"{self._store.root}/{key} is not what Penstock wrote there.",
            remedy="Restore it from a backup: claims after it cannot be trusted.",
        )


def _take(files: Iterable[LandedFile], *, max_files: int, max_bytes: int) -> list[LandedFile]:
    chosen: list[LandedFile] = []
    size = 0
    for file in files:
        size += file.size
        if len(chosen) == max_files or (chosen and size > max_bytes):
            break
        chosen.append(file)
    return chosen
