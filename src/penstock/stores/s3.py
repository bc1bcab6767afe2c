"""Objects in an S3 bucket: the one module that imports boto3."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from penstock.errors import LandedFileChanged, NotFound, StoreUnavailable
from penstock.stores.s3_errors import code_of, explain, explain_client
from penstock.stores.staging import staged
from penstock.stores.store import ObjectInfo, check_key, is_key

__all__ = ["S3Store"]

log = logging.getLogger(__name__)

PART_BYTES = 64 << 20
"""Larger objects are downloaded in parts of this size, several at a time."""

PARTS_AT_ONCE = 4
CHUNK_BYTES = 1 << 20
ATTEMPTS = 4
TOKEN = "penstock-put"  # noqa: S105 - the name of a metadata field, not a secret
CONFLICT_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)
CONFLICT, PRECONDITION_FAILED = 409, 412

Client = Any  # boto3 makes its clients' classes while running


class S3Store:
    """A prefix of a bucket.

    Endpoint, region and credentials come from the standard `AWS_*` environment and nowhere else.
    The version of an object is `etag@seconds`: listings know no version ids, and the same content
    written again is another version. Listings are sorted here, as not every server sorts them.
    """

    def __init__(
        self, bucket: str, prefix: str = "", *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{check_key(prefix)}/" if prefix else ""
        self._root = f"s3://{bucket}/{prefix}".rstrip("/")
        self._pause = pause

    @property
    def root(self) -> str:
        """The prefix's uri."""
        return self._root

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        with self._explained("read", key) as client:
            data: bytes = client.get_object(**self._at(key))["Body"].read()
            return data

    def put(self, key: str, data: bytes, *, only_new: bool = False) -> bool:
        """Write an object as a whole, unless it is there and must be new."""
        if only_new:
            return self._create(key, data)
        with self._explained("write", key) as client:
            client.put_object(**self._at(key), Body=data)
        return True

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Copy one version of an object into a file."""
        with self._explained("read", key) as client, staged(path) as temporary:
            head = client.get_object(**self._at(key))
            info = self._info(
                key,
                size=head["ContentLength"],
                etag=head["ETag"],
                modified_at=head["LastModified"],
            )
            temporary.touch()
            _receive(head["Body"], temporary, offset=0, most=PART_BYTES)
            with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
                parts = [
                    pool.submit(self._download_part, client, key, head["ETag"], temporary, offset)
                    for offset in range(PART_BYTES, info.size, PART_BYTES)
                ]
            for part in parts:
                part.result()
            temporary.replace(path)
        return info

    def upload(self, path: Path, key: str) -> ObjectInfo:
        """Copy a file in, replacing what is there; large files go in several parts."""
        with self._explained("write", key) as client:
            at = self._at(key)
            client.upload_file(str(path), at["Bucket"], at["Key"])
            head = client.head_object(**at)
        return self._info(
            key, size=head["ContentLength"], etag=head["ETag"], modified_at=head["LastModified"]
        )

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key begins with a prefix, without the markers of folders."""
        with self._explained("list", prefix) as client:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [
                self._info(
                    item["Key"].removeprefix(self._prefix),
                    size=item["Size"],
                    etag=item["ETag"],
                    modified_at=item["LastModified"],
                )
                for page in pages
                for item in page.get("Contents", [])
                if self._is_listed(item["Key"])
            ]
        return iter(sorted(found, key=lambda info: info.key))

    def _is_listed(self, name: str) -> bool:
        if name.endswith("/"):  # the marker of a folder
            return False
        if not is_key(name.removeprefix(self._prefix)):
            log.warning("s3://%s/%r cannot be read under that name: rename it.", self._bucket, name)
            return False
        return True

    def _create(self, key: str, data: bytes) -> bool:
        token = uuid4().hex
        for pause_s in CONFLICT_PAUSES_S:
            with self._explained("write", key) as client:
                try:
                    client.put_object(
                        **self._at(key), Body=data, IfNoneMatch="*", Metadata={TOKEN: token}
                    )
                except ClientError as error:
                    answer = error.response["ResponseMetadata"]
                    if answer["HTTPStatusCode"] == PRECONDITION_FAILED:
                        # After a lost answer, boto3's own retry is refused by our own object.
                        return bool(answer.get("RetryAttempts")) and self._is_ours(key, token)
                    if answer["HTTPStatusCode"] != CONFLICT:
                        raise
                else:
                    return True
            self._pause(pause_s)
        raise StoreUnavailable(
            f"Others kept writing {self._root}/{key}: {len(CONFLICT_PAUSES_S)} conditional puts"
            " were answered with 409.",
            remedy="Try again.",
        )

    def _is_ours(self, key: str, token: str) -> bool:
        with self._explained("read", key) as client:
            return bool(client.head_object(**self._at(key))["Metadata"].get(TOKEN) == token)

    def _download_part(self, client: Client, key: str, etag: str, path: Path, offset: int) -> None:
        span = f"bytes={offset}-{offset + PART_BYTES - 1}"
        part = client.get_object(**self._at(key), Range=span, IfMatch=etag)
        _receive(part["Body"], path, offset=offset, most=PART_BYTES)

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + check_key(key)}

    def _info(self, key: str, *, size: int, etag: str, modified_at: datetime) -> ObjectInfo:
        return ObjectInfo(
            key=key,
            uri=f"{self._root}/{key}",
            size=size,
            version=f"{etag.strip(chr(34))}@{int(modified_at.timestamp())}",
            modified_at=modified_at,
        )

    @contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[Client]:
        what = f"Cannot {verb} {self._root}/{key} at {_endpoint()}"
        try:
            yield _client(os.getpid(), _environment())
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                raise NotFound(
                    f"There is no object {self._root}/{key}.", remedy="Check the name."
                ) from error
            if verb == "read" and code_of(error) == "PreconditionFailed":
                raise LandedFileChanged(
                    f"{self._root}/{key} was overwritten while it was read.",
                    remedy="Give every file a name of its own.",
                ) from error
            raise explain_client(error, what=what, bucket=self._bucket) from error
        except (BotoCoreError, HTTPClientError, boto3.exceptions.Boto3Error) as error:
            raise explain(error, what=what) from error


def _receive(body: Any, path: Path, *, offset: int, most: int) -> None:  # noqa: ANN401 - boto3's
    with body, path.open("r+b") as file:
        file.seek(offset)
        while most > 0 and (chunk := body.read(min(CHUNK_BYTES, most))):
            file.write(chunk)
            most -= len(chunk)


def _endpoint() -> str:
    return (
        os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "Amazon S3"
    )


def _environment() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))


@lru_cache(maxsize=8)
def _client(process: int, environment: tuple[tuple[str, str], ...]) -> Client:
    """Return the client for this process and environment: connections do not survive a fork."""
    del process, environment
    # NOTE: a session of its own, because boto3's default one keeps the first credentials it saw.
    return boto3.session.Session().client(
        "s3",
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=32,
        ),
    )
