"""One Prefect task per step: retries, cache key, timeout, artifact."""
