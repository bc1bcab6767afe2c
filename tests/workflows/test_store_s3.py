"""The config in a real S3 server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.errors import ConfigError
from penstock.stores import ObjectStore, open_store
from penstock.workflows import ConfigStore


@pytest.mark.integration
def test_config_is_loaded_from_a_prefix_of_a_bucket(
    s3_env: Any, fakes: Callable[[ObjectStore], ConfigStore], definition: str
) -> None:
    store = open_store(f"s3://{s3_env.bucket}/configs/shop")
    store.put("workflows/retail.yaml", definition.encode())
    store.put("contracts/retail.yaml", b"retail")
    store.put("workflows/local.yaml", definition.replace("s3://landing/", "").encode())

    loaded, errors = fakes(store).load_all()

    (one,) = loaded
    assert one.config_path == f"s3://{s3_env.bucket}/configs/shop/workflows/retail.yaml"
    assert one.object_version
    assert isinstance(errors["local"], ConfigError)
    assert "relative path, but the config does not lie in a local folder" in str(errors["local"])
