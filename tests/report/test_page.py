from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from penstock.contracts import Contract
from penstock.model import Evidence, Outcome, Severity
from penstock.report import MAX_BYTES, render_page

VOID = {"br", "col", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """Tags, texts and ids of a page; `open` is empty when every element was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.texts).replace("\u00a0", " ").split())

    def values(self, attribute: str) -> list[str]:
        return [v for _, attrs in self.tags if (v := attrs.get(attribute)) is not None]


def render(evidence: Evidence, contract: Contract, **links: str) -> str:
    return render_page(evidence, digest="d" * 64, contract=contract, links=links)


@pytest.mark.parametrize("day", ["held", "unreadable", "clean", "hostile"])
def test_every_page_is_well_formed_and_refers_only_to_itself(
    day: str, contract: Contract, request: pytest.FixtureRequest
) -> None:
    page = Page(render(request.getfixturevalue(day), contract))

    ids = page.values("id")
    assert page.open == []
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.values("href")} <= set(ids)
    assert {name for names in page.values("aria-labelledby") for name in names.split()} <= set(ids)
    assert page.values("src") == []


@pytest.mark.parametrize("day", ["held", "hostile"])
def test_a_page_has_no_script_and_no_inline_style(
    day: str, contract: Contract, request: pytest.FixtureRequest
) -> None:
    page = Page(render(request.getfixturevalue(day), contract))

    attributes = {name for _, attrs in page.tags for name in attrs}
    assert "script" not in {tag for tag, _ in page.tags}
    assert not [name for name in attributes if name.startswith("on")]
    assert "style" not in attributes


def test_the_policy_allows_nothing_but_the_pages_own_style(
    held: Evidence, contract: Contract
) -> None:
    text = render(held, contract)

    policy = next(
        attrs["content"]
        for tag, attrs in Page(text).tags
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_markup_in_data_is_shown_as_text(hostile: Evidence, contract: Contract) -> None:
    text = render(hostile, contract, link='"><script>alert(1)</script>')

    assert "<script" not in text
    assert html.escape("<script>") in text
    assert '<script>alert("x")</script>' in Page(text).words


def test_characters_that_reorder_or_hide_text_are_shown_by_their_code(
    hostile: Evidence, contract: Contract
) -> None:
    text = render(hostile, contract)

    assert "⟨U+202E⟩" in text
    assert "⟨U+0000⟩" in text
    assert "\u202e" not in text
    assert "\x00" not in text


def test_a_link_that_is_no_web_address_cannot_be_followed(
    held: Evidence, contract: Contract
) -> None:
    page = Page(
        render(held, contract, run="https://prefect.example.org/r/1", bad="javascript:alert(1)")
    )

    followed = [href for href in page.values("href") if not href.startswith("#")]
    assert followed == ["https://prefect.example.org/r/1"]
    assert "javascript:alert(1)" in page.words


def test_values_of_sensitive_columns_are_nowhere_on_the_page(
    held: Evidence, contract: Contract
) -> None:
    leaking = tuple(
        sample.model_copy(update={"cells": sample.cells | {"customer": "17850"}})
        for sample in held.samples
    )

    text = render(held.model_copy(update={"samples": leaking}), contract)

    assert not [value for value in ("17850", "12433", "18239") if value in text]
    assert "values are not shown: the contract says they are sensitive" in text


def test_what_each_choice_would_do_stands_in_rows(held: Evidence, contract: Contract) -> None:
    words = Page(render(held, contract)).words

    assert words.startswith("Held: a steward must decide \N{EN DASH} retail")
    assert "also rows that failed a rule. 2,306 3 1 2,310 of 2,310" in words
    assert "Keep the failed ones aside, with their reasons. 2,094 215 1 2,310 of 2,310" in words
    assert "The producer is told what to fix and can send it again. 0 0 2,310" in words
    assert "Row count proved. Every one of the 2,310 landed records" in words


def test_a_choice_that_is_not_open_says_why(unreadable: Evidence, contract: Contract) -> None:
    words = Page(render(unreadable, contract)).words

    assert words.count("Not offered: it cannot be shown where every landed record went.") == 2
    assert "Row count not proved." in words
    assert "See below: 2010-12-07-part2.csv.gz." in words


def test_quarantine_is_closed_when_the_rest_would_be_held_again(
    held: Evidence, contract: Contract
) -> None:
    evidence = held.model_copy(
        update={
            "options": (held.options[0], held.options[2]),
            "remainder_worst": Severity.HIGH,
        }
    )

    assert "the rest still has a finding of severity high" in render(evidence, contract)


def test_a_clean_batch_may_pass_and_shows_where_its_rows_go(
    clean: Evidence, contract: Contract
) -> None:
    words = Page(render(clean, contract)).words

    assert words.startswith("May pass: nobody needs to be asked")
    assert "Row count proved." in words
    assert "0 failed, 0 unknown, 7 passed" in words
    assert "What each choice would do" not in words


def test_rows_that_do_not_add_up_are_never_called_proved(
    clean: Evidence, contract: Contract
) -> None:
    rows = clean.automatic
    assert rows is not None
    short = clean.model_copy(update={"automatic": rows.model_copy(update={"published": 2309})})

    assert "The numbers do not add up" in render(short, contract)


def test_a_finding_names_its_rule_contract_line_and_examples(
    held: Evidence, contract: Contract
) -> None:
    words = Page(render(held, contract)).words

    assert "quantity.range" in words
    assert "retail.odcs.yaml, line 31" in words
    assert "212 rows (9.2 %)" in words
    assert "2010-12-06.csv.gz 240 -80" in words


def test_only_the_failing_cells_are_marked(held: Evidence, contract: Contract) -> None:
    text = render(held, contract)

    failing = re.findall(r'<td class="failing">.*?<bdi class="value">(.*?)</bdi>', text, re.DOTALL)
    assert failing == ["-1", "-12", "-3", "06/12/2010 8h34", "-80"]


def test_a_rule_over_two_columns_marks_both(held: Evidence, contract: Contract) -> None:
    both = held.rules[0].model_copy(update={"columns": ("invoice", "stock_code")})
    sample = held.samples[0].model_copy(update={"reasons": ("invoice, stock_code: repeated",)})
    evidence = held.model_copy(update={"rules": (both,), "samples": (sample,)})

    text = render(evidence, contract)

    failing = re.findall(r'<td class="failing">.*?<bdi class="value">(.*?)</bdi>', text, re.DOTALL)
    assert failing == ["C537217", "22811"]


def test_names_in_sentences_look_like_names(held: Evidence, contract: Contract) -> None:
    text = render(held, contract)

    assert "212 rows have a <code>quantity</code> below 1" in text


def test_a_share_is_plotted_in_per_cent(held: Evidence, contract: Contract) -> None:
    finding = held.findings[1].model_copy(
        update={"expected": "0 to 2 %", "series": (0.0, 0.01, 0.4), "band": (None, 0.02)}
    )

    words = Page(render(held.model_copy(update={"findings": (finding,)}), contract)).words

    assert "Expected at most 2 %. This batch: 40 %." in words


def test_a_missing_cell_and_an_empty_one_look_different(held: Evidence, contract: Contract) -> None:
    text = render(held, contract)

    assert '<span class="none">missing</span>' in text
    assert '<span class="none">empty text</span>' in text


def test_rules_come_failed_first_then_unknown_with_their_reason(
    held: Evidence, contract: Contract
) -> None:
    text = render(held, contract)

    outcomes = re.findall(r'outcome (failed|unknown|passed)">(?:failed|unknown|passed)<', text)
    assert outcomes == ["failed"] * 3 + ["unknown"] + ["passed"] * 3
    assert "table products is not published yet" in text


def test_a_series_is_drawn_with_its_text_alternative(held: Evidence, contract: Contract) -> None:
    text = render(held, contract)

    plots = re.findall(r'<svg viewBox.*?class="plot".*?</svg>', text, re.DOTALL)
    assert len(plots) == 2
    assert "Expected between 7.9 and 14.6. This batch: 3.1.</desc>" in plots[0]
    assert max(len(plot) for plot in plots) < 10_000


def test_the_same_evidence_gives_the_same_bytes_in_another_process(
    held: Evidence, contract: Contract, tmp_path: Path
) -> None:
    (tmp_path / "evidence").write_bytes(held.encoded())
    (tmp_path / "contract").write_text(contract.model_dump_json(), encoding="utf-8")
    program = """
import pathlib, sys
from penstock.contracts import Contract
from penstock.model import Evidence
from penstock.report import render_page
folder = pathlib.Path(sys.argv[1])
evidence = Evidence.decoded((folder / "evidence").read_bytes())
contract = Contract.model_validate_json((folder / "contract").read_text())
sys.stdout.buffer.write(render_page(evidence, digest="d" * 64, contract=contract).encode())
"""

    pages = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert pages == {render(held, contract).encode()}


def test_a_huge_batch_still_gives_a_small_page_that_counts_what_it_leaves_out(
    held: Evidence, contract: Contract
) -> None:
    nasty = "<'&\">" * 200
    finding = held.findings[1].model_copy(
        update={"message": nasty, "expected": nasty, "series": tuple(map(float, range(400)))}
    )
    sample = held.samples[0].model_copy(
        update={"cells": {f"{nasty}{place}": nasty for place in range(300)}}
    )
    rule = held.rules[0].model_copy(
        update={"rule": nasty, "expected": nasty, "observed": nasty, "outcome": Outcome.FAILED}
    )
    column = held.profile.columns[0].model_copy(update={"name": nasty, "minimum": nasty})
    evidence = held.model_copy(
        update={
            "findings": (finding,) * 3000,
            "samples": (sample,) * 20,
            "rules": (rule,) * 2000,
            "profile": held.profile.model_copy(update={"columns": (column,) * 1000}),
            "files": held.files * 1000,
            "asks": (nasty,) * 50,
            "tags": {f"{nasty}{place}": nasty for place in range(500)},
        }
    )

    text = render(evidence, contract)

    assert len(text.encode()) < MAX_BYTES
    assert "of 3,000\u00a0findings shown." in text
    assert "of 2,000\u00a0rules shown." in text


def test_an_ordinary_page_is_small(held: Evidence, contract: Contract) -> None:
    assert len(render(held, contract).encode()) < 60_000
