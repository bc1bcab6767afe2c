"""Telling operations, producers and stewards."""

from penstock.notify.log import LogTarget
from penstock.notify.message import Message, Target
from penstock.notify.targets import build_targets
from penstock.notify.webhook import WebhookTarget
from penstock.notify.wording import (
    dead_message,
    describe_finding,
    held_message,
    published_message,
    rejected_message,
)

__all__ = [
    "LogTarget",
    "Message",
    "Target",
    "WebhookTarget",
    "build_targets",
    "dead_message",
    "describe_finding",
    "held_message",
    "published_message",
    "rejected_message",
]
