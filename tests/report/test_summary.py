from __future__ import annotations

import pytest

from penstock.model import Evidence, Outcome
from penstock.report import build_text, headline, summarise
from penstock.report.words import cut, file_name, join, number, share, visible


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_held_batch_says_why_it_stopped_and_what_is_wrong_with_its_rows(held: Evidence) -> None:
    assert plain(summarise(held)) == (
        "This batch of retail brought 2,310 records in 1 file. It was stopped before anything was"
        " published. A finding of severity high reaches the gate's threshold (severity at least"
        " high). The most serious finding (high): 212 rows have a `quantity` below 1; ask the till"
        " team whether returns were exported as sales. There are 4 more findings (2 medium and"
        " 2 low). 215 rows (9.3 %) fail a rule that sets rows aside and 1 record could not be read"
        " as a row and is rejected; 2,094 rows are clean."
    )


def test_a_clean_batch_says_that_nothing_was_found(clean: Evidence) -> None:
    assert plain(summarise(clean)) == (
        "This batch of retail brought 2,310 records in 1 file. All 7 rules passed. Nothing unusual"
        " was found in comparison with 21 earlier batches."
    )


def test_records_that_could_not_be_counted_are_said_first(unreadable: Evidence) -> None:
    assert plain(summarise(unreadable)).startswith(
        "This batch of retail brought 2 files; the records of 1 of them could not be counted."
    )


def test_an_unknown_rule_is_not_counted_as_passed(clean: Evidence) -> None:
    first, *rest = clean.rules
    unknown = first.model_copy(update={"outcome": Outcome.UNKNOWN})

    evidence = clean.model_copy(update={"rules": (unknown, *rest)})

    assert "6 of 7 rules passed." in plain(summarise(evidence))


def test_a_batch_without_an_automatic_way_is_held_even_if_nothing_asks(clean: Evidence) -> None:
    evidence = clean.model_copy(update={"automatic": None})

    assert headline(evidence) == "Held: a steward must decide"
    assert "cannot be shown" in summarise(evidence)


def test_the_terminal_gets_a_table_of_choices_and_no_control_characters(
    held: Evidence, hostile: Evidence
) -> None:
    assert "approve         2,306            3         1\n" in build_text(held)
    assert "\x1b" not in build_text(hostile)
    assert "⟨U+001B⟩" in build_text(hostile)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (1, 100_000, "under 0.1 %"),
        (99_999, 100_000, "over 99.9 %"),
        (10, 10, "100 %"),
        (1, 3, "33.3 %"),
        (1, 0, ""),
        (None, 10, ""),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(
    part: float | None, whole: float, text: str
) -> None:
    assert plain(share(part, of=whole)) == text


def test_words_are_short_and_plain() -> None:
    assert join(["a", "b", "c"]) == "a, b and c"
    assert join(["a"]) == "a"
    assert join([]) == ""
    assert plain(number(12_345_678)) == "12.346 m"
    assert number(float("nan")) == ""
    assert file_name("s3://bucket/a/b.csv") == "b.csv"
    assert cut("abcdef", limit=3) == "abc… (3 more characters)"
    assert visible("a\u200bb") == "a⟨U+200B⟩b"
