from __future__ import annotations

import logging

import pytest
from pydantic import BaseModel

from penstock.errors import ConfigError
from penstock.notify import LogTarget, Message, Target, build_targets

URL = "https://hooks.example.org/T0P-S3CRET"


class Entry(BaseModel):
    kind: str
    url_env: str | None = None


def test_targets_are_built_in_order_and_each_once() -> None:
    targets = build_targets(
        [{"kind": "log"}, Entry(kind="webhook", url_env="OPS_HOOK"), Entry(kind="log")],
        environment={"OPS_HOOK": URL},
    )

    assert [target.name for target in targets] == ["log", "webhook:OPS_HOOK"]


def test_an_address_may_stand_in_the_config() -> None:
    (target,) = build_targets([{"kind": "webhook", "url": URL}])

    assert "T0P" not in target.name


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "pigeon"}, "unknown kind 'pigeon'. Use one of log, webhook"),
        ({"url": URL}, "unknown kind 'None'"),
        ({"kind": "log", "level": "info"}, "unknown key 'level'"),
        ({"kind": "webhook"}, "exactly one of 'url' and 'url_env'"),
        ({"kind": "webhook", "url": URL, "url_env": "A"}, "exactly one of"),
        ({"kind": "webhook", "url_env": "ABSENT"}, "variable 'ABSENT' is not set"),
        ({"kind": "webhook", "url_env": "BLANK"}, "variable 'BLANK' is not set"),
    ],
)
def test_an_entry_that_means_nothing_is_refused(entry: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_targets([entry], environment={"BLANK": "  "})

    assert words in str(caught.value)
    assert "T0P" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "level"),
    [("held", "WARNING"), ("dead", "WARNING"), ("published", "INFO"), ("rejected", "INFO")],
)
def test_the_log_shows_text_and_link(
    kind: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="penstock.notify")
    target: Target = LogTarget()
    message = Message.model_validate(
        {"key": "k", "kind": kind, "dataset": "d", "batch": "b", "text": "5 % %s", "link": "x"}
    )

    target.send(message)

    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (level, "5 % %s\nEvidence page: x")
