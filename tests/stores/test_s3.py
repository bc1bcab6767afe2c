"""What S3 servers do wrong, and what a person is told then."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import LandedFileChanged, NotFound, StoreRefused, StoreUnavailable
from penstock.stores import open_store, open_uri, probe, probe_landing, s3
from penstock.stores.s3 import S3Store


def test_a_store_that_ignores_conditions_is_refused(odd_server: Any) -> None:
    odd_server.ignores_conditions = True

    with pytest.raises(StoreRefused, match=r"s3://bucket/state overwrote .*honours `If-None-Match"):
        probe(S3Store("bucket", "state"))


def test_the_odd_server_is_fine_when_it_behaves(odd_server: Any) -> None:
    probe(S3Store("bucket", "state"))

    assert odd_server.puts == 2


def test_a_conflict_is_tried_again(odd_server: Any) -> None:
    odd_server.conflicts = 3
    pauses: list[float] = []

    assert S3Store("bucket", pause=pauses.append).put("claim", b"mine", only_new=True)

    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_endless_conflicts_are_given_up(odd_server: Any) -> None:
    odd_server.conflicts = 1000
    store = S3Store("bucket", pause=lambda _: None)

    with pytest.raises(StoreUnavailable, match=r"s3://bucket/claim: 5 conditional puts .* 409"):
        store.put("claim", b"mine", only_new=True)

    assert odd_server.puts == 5
    assert odd_server.objects == {}


def test_a_win_whose_answer_was_lost_is_still_a_win(odd_server: Any) -> None:
    odd_server.lost_answers = 1

    assert S3Store("bucket").put("claim", b"mine", only_new=True)

    assert odd_server.puts == 2


def test_a_retried_put_that_lost_has_lost(odd_server: Any) -> None:
    S3Store("bucket").put("claim", b"same bytes", only_new=True)
    odd_server.answer = (503, "SlowDown")
    odd_server.lock = _AnswersAgain(odd_server)

    assert not S3Store("bucket").put("claim", b"same bytes", only_new=True)

    assert odd_server.puts == 3


class _AnswersAgain:
    """Stands where the server's lock is: it recovers after one more request."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.requests = 0

    def __enter__(self) -> None:
        self.requests += 1
        if self.requests > 1:
            self.server.answer = None

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "AccessDenied", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (404, "NoSuchBucket", "Create bucket 'bucket'"),
        (404, "404", "AWS_ENDPOINT_URL"),
        (400, "AuthorizationHeaderMalformed", "AWS_REGION"),
        (501, "NotImplemented", "If-None-Match"),
        (418, "Teapot", "documentation"),
    ],
)
def test_a_refusal_names_place_and_remedy(
    odd_server: Any, status: int, code: str, remedy: str
) -> None:
    odd_server.answer = (status, code)

    with pytest.raises(StoreRefused) as refused:
        probe(S3Store("bucket", "state"))

    for part in ("s3://bucket/state", odd_server.endpoint, code, remedy):
        assert part in str(refused.value)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
def test_a_server_in_trouble_is_unavailable(odd_server: Any, status: int, code: str) -> None:
    odd_server.answer = (status, code)

    with pytest.raises(StoreUnavailable, match=rf"{odd_server.endpoint}.*{code}"):
        S3Store("bucket").put("key", b"")


def test_a_landing_that_cannot_be_listed_is_refused(odd_server: Any) -> None:
    odd_server.answer = (403, "AccessDenied")

    with pytest.raises(StoreRefused, match="Cannot list s3://bucket/landing"):
        probe_landing(S3Store("bucket", "landing"))


def test_an_endpoint_where_nothing_answers_is_unavailable(
    odd_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(s3, "ATTEMPTS", 1)

    with pytest.raises(
        StoreUnavailable, match=r"127\.0\.0\.1:1: nothing answers.*AWS_ENDPOINT_URL"
    ):
        probe(S3Store("bucket"))
    assert odd_server.puts == 0


def test_missing_credentials_are_named(odd_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(StoreRefused, match="Set AWS_ACCESS_KEY_ID"):
        probe(S3Store("bucket"))
    assert odd_server.puts == 0


def test_secrets_stay_out_of_messages(odd_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    odd_server.answer = (403, "SignatureDoesNotMatch")

    with pytest.raises(StoreRefused) as refused:
        S3Store("bucket").get("key")

    assert "hunter2" not in f"{refused.value}{refused.value.__cause__}"


def test_a_bucket_name_that_cannot_be_is_refused(odd_server: Any) -> None:
    with pytest.raises(StoreRefused, match="Check the bucket's name"):
        probe(S3Store("Not A Bucket"))
    assert odd_server.puts == 0


def test_large_objects_arrive_whole(
    odd_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 1000)
    content = bytes(range(256)) * 41
    odd_server.objects["large"] = (content, {})

    info = S3Store("bucket").download("large", tmp_path / "large")

    assert (tmp_path / "large").read_bytes() == content
    assert info.size == len(content)


def test_parts_of_two_versions_are_never_mixed(
    odd_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 1000)
    odd_server.objects["large"] = (b"a" * 5000, {})

    def overwrite() -> None:
        odd_server.objects["large"] = (b"b" * 5000, {})

    odd_server.before_range = overwrite

    with pytest.raises(LandedFileChanged, match="s3://bucket/large was overwritten"):
        S3Store("bucket").download("large", tmp_path / "large")
    assert list(tmp_path.iterdir()) == []


def test_an_object_removed_between_parts_is_not_found(
    odd_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 1000)
    odd_server.objects["large"] = (b"a" * 5000, {})
    odd_server.before_range = lambda: odd_server.objects.pop("large", None)

    with pytest.raises(NotFound):
        S3Store("bucket").download("large", tmp_path / "large")


def test_markers_of_folders_are_no_objects(odd_server: Any) -> None:
    odd_server.objects |= {"landing/": (b"", {}), "landing/a.csv": (b"", {})}

    assert [info.key for info in S3Store("bucket").list()] == ["landing/a.csv"]


def test_a_server_s_order_is_not_trusted(odd_server: Any) -> None:
    odd_server.objects |= {"a/b": (b"", {}), "a-b": (b"", {}), "a": (b"", {})}

    assert [info.key for info in S3Store("bucket").list()] == ["a", "a-b", "a/b"]


def test_names_that_are_no_keys_are_left_out_with_a_warning(
    odd_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    odd_server.objects |= {"landing//a.csv": (b"", {}), "../b.csv": (b"", {}), "c.csv": (b"", {})}

    with caplog.at_level(logging.WARNING):
        keys = [info.key for info in S3Store("bucket").list()]

    assert keys == ["c.csv"]
    assert "landing//a.csv" in caplog.text
    assert "../b.csv" in caplog.text


def test_the_environment_is_read_anew(moto_bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    S3Store(moto_bucket).put("key", b"")

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(s3, "ATTEMPTS", 1)

    with pytest.raises(StoreUnavailable):
        S3Store(moto_bucket).get("key")


@pytest.mark.integration
class TestAgainstSeaweedFS:
    def test_an_absent_bucket_is_refused(self, s3_env: Any) -> None:
        with pytest.raises(
            StoreRefused, match=r"absent-bucket.*Create bucket 'absent-bucket'"
        ) as no:
            probe(open_store("s3://absent-bucket/state"))

        assert s3_env.endpoint in str(no.value)

    def test_a_wrong_secret_is_refused(self, s3_env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")

        with pytest.raises(StoreRefused, match="SignatureDoesNotMatch"):
            probe(open_store(f"s3://{s3_env.bucket}/state"))

    def test_an_identity_that_may_only_read_keeps_no_claims(
        self, s3_env: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_store(f"s3://{s3_env.bucket}/readable").put("a", b"content")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_env.reader_access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_env.reader_secret_key)
        store, key = open_uri(f"s3://{s3_env.bucket}/readable/a")

        probe_landing(store)
        assert store.get(key) == b"content"
        with pytest.raises(StoreRefused, match="AccessDenied"):
            probe(store)

    def test_a_server_that_is_not_s3_is_refused(self, s3_env: Any, odd_server: Any) -> None:
        odd_server.answer = (404, "404")

        with pytest.raises(StoreRefused, match=r"is an S3 server"):
            probe(open_store(f"s3://{s3_env.bucket}/state"))

    def test_an_object_of_several_parts_keeps_its_version(
        self, s3_env: Any, tmp_path: Path
    ) -> None:
        store = open_store(f"s3://{s3_env.bucket}/large")
        (tmp_path / "in").write_bytes(b"0123456789abcdef" * (1 << 20))

        uploaded = store.upload(tmp_path / "in", "large")
        downloaded = store.download("large", tmp_path / "out")

        assert list(store.list()) == [uploaded] == [downloaded]
        assert (tmp_path / "in").read_bytes() == (tmp_path / "out").read_bytes()
