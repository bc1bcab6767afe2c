"""What `penstock workflow show` prints."""

from __future__ import annotations

from collections.abc import Callable

from penstock.workflows import Workflow, draw_mermaid, draw_text

TEXT = """\
workflow  retail@3
about     -
dataset   retail
landing   s3://landing/retail (*.csv.gz)
contract  contracts/retail.yaml
asks if   severity ge high or rows_share gt 0.2
proof     none
in order  no
publish   retail
stewards  ann@example.org
notify    log, webhook (PENSTOCK_WEBHOOK)
history   365 batches
source    w.yaml
digest    {digest}

step      agent       role    needs                     retries  timeout  on error
ingest    ingest/1    judge   -                         3        900 s    hold
scan      scan/1      judge   ingest                    3        900 s    hold
validate  validate/1  judge   ingest, scan              3        900 s    hold
detect    detect/1    judge   ingest, scan              3        900 s    hold
report    report/1    judge   ingest, validate, detect  3        900 s    hold
gate      gate/1      gate    report                    3        900 s    hold
publish   publish/1   effect  gate                      3        900 s    hold
notify    notify/1    effect  publish                   3        900 s    skip

ingest -> scan -> (validate, detect) -> report -> gate -> publish -> notify
"""

MERMAID = """\
flowchart LR
    s0["ingest"]
    s1["scan"]
    s2["validate"]
    s3["detect"]
    s4["report"]
    s5{"gate"}
    s6[["publish"]]
    s7[["end"]]
    s0 --> s1
    s0 --> s2
    s1 --> s2
    s0 --> s3
    s1 --> s3
    s0 --> s4
    s2 --> s4
    s3 --> s4
    s4 --> s5
    s5 --> s6
    s6 --> s7
"""


def test_text_shows_facts_steps_and_order(read: Callable[..., Workflow]) -> None:
    workflow = read()

    assert draw_text(workflow) == TEXT.replace("{digest}", workflow.digest)


def test_mermaid_draws_steps_by_role_whatever_they_are_called(
    read: Callable[..., Workflow], definition: str
) -> None:
    assert draw_mermaid(read(definition.replace("name: notify,", "name: end,"))) == MERMAID


def test_text_does_not_steer_the_terminal(read: Callable[..., Workflow], definition: str) -> None:
    workflow = read(definition + 'description: "a\\e[2Jb\\nc"\n')

    assert "about     a [2Jb c\n" in draw_text(workflow)
