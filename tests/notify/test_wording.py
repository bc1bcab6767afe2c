from __future__ import annotations

import pytest

from penstock.model import BatchRecord, Evidence, Published, Request
from penstock.notify import (
    Message,
    dead_message,
    held_message,
    published_message,
    rejected_message,
)

ACCOUNT = "DE89370400440532013000"
FINDINGS = """\
- pattern in column iban (rule iban.pattern: two letters, two digits, up to 30 more, contract \
line 23): 8 rows (8 %), severity high
- ragged record in a b⟨U+001B⟩[31m.csv: 2 rows, severity medium"""


@pytest.fixture
def messages(
    published: Published,
    rejected: Published,
    request_: Request,
    dead: BatchRecord,
    evidence: Evidence,
) -> dict[str, Message]:
    return {
        "published": published_message(published, evidence),
        "rejected": rejected_message(rejected, evidence),
        "held": held_message(request_, evidence),
        "dead": dead_message(dead),
    }


def test_no_message_has_the_value_of_a_cell(messages: dict[str, Message]) -> None:
    assert ACCOUNT not in "".join(message.model_dump_json() for message in messages.values())


def test_each_kind_of_message_has_a_key_of_its_own(messages: dict[str, Message]) -> None:
    assert len({message.key for message in messages.values()}) == 4
    assert {kind: message.kind for kind, message in messages.items()} == {
        kind: kind for kind in messages
    }


def test_a_published_batch_says_how_many_rows_and_on_whose_word(
    messages: dict[str, Message],
) -> None:
    message = messages["published"]

    assert message.text == (
        "Batch bbbbbbbbbbbb of payments is published: 90 published, 8 quarantined, 2 rejected, of"
        " 100 landed.\nDecided by ann@desk-3 (not proved).\n"
        "2 findings on record: 1 high and 1 medium."
    )
    assert message.facts["snapshot"] == "77"
    assert message.facts["rows_published"] == "90"


def test_a_rejected_batch_tells_the_producer_what_to_fix(messages: dict[str, Message]) -> None:
    assert messages["rejected"].text == (
        "Batch bbbbbbbbbbbb of payments was rejected by ann@desk-3 (not proved): nothing of it is"
        f" published.\nFiles: 2026-11-20.csv.\nWhat to fix:\n{FINDINGS}\n"
        "Correct the data and land it again: it is judged as a new batch."
    )


def test_a_held_batch_says_what_each_choice_would_do(messages: dict[str, Message]) -> None:
    message = messages["held"]

    assert message.text == (
        "Batch bbbbbbbbbbbb of payments is held: a steward must decide. Nothing is published until"
        f" then.\nFindings:\n{FINDINGS}\nWhat each choice would do:\n"
        "- quarantine: 90 published, 8 quarantined, 2 rejected, of 100 landed\n"
        "- reject: 0 published, 0 quarantined, 100 rejected, of 100 landed"
    )
    assert message.link == "s3://store/page.html"


def test_a_dead_batch_says_why_and_where_its_files_are(messages: dict[str, Message]) -> None:
    assert messages["dead"].text == (
        "Batch cccccccccccc of payments could not be judged: nothing of it is published.\n"
        "Arrival 1,204, 2 attempts.\n"
        "Reason: LandedFileChanged: 2026-11-20.csv grew while it was read. Land it again.\n"
        "Its files stay where they landed."
    )


def test_a_second_death_is_news(dead: BatchRecord) -> None:
    again = dead.model_copy(update={"attempts": 3})

    assert dead_message(dead).key != dead_message(again).key
    assert dead_message(dead) == dead_message(dead.model_copy())


def test_an_empty_result_is_not_called_a_rejection(rejected: Published, evidence: Evidence) -> None:
    by_policy = rejected.verdict.model_copy(update={"choice": None, "decided_by": "policy"})

    message = rejected_message(rejected.model_copy(update={"verdict": by_policy}), evidence)

    assert "had no row that could be published" in message.text


def test_a_long_list_of_findings_is_cut_and_counted(
    rejected: Published, evidence: Evidence
) -> None:
    many = evidence.model_copy(update={"findings": evidence.findings * 500})

    text = rejected_message(rejected, many).text

    assert "- and 980 more findings" in text
    assert len(text) < 10_000
