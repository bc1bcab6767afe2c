"""Object stores behind one small protocol, and content-addressed objects on top.

`S3Store` is in `penstock.stores.s3`, which only `open_store` imports: boto3 is slow to load.
"""

from penstock.stores.local import LocalStore
from penstock.stores.memory import MemoryStore
from penstock.stores.objects import Objects
from penstock.stores.probe import probe, probe_landing
from penstock.stores.store import ObjectInfo, ObjectStore
from penstock.stores.uris import join_uri, open_store, open_uri, parse_uri

__all__ = [
    "LocalStore",
    "MemoryStore",
    "ObjectInfo",
    "ObjectStore",
    "Objects",
    "join_uri",
    "open_store",
    "open_uri",
    "parse_uri",
    "probe",
    "probe_landing",
]
