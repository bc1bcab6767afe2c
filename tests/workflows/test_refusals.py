"""Everything a definition can get wrong, and the exact words it is refused with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from penstock.errors import ConfigError
from penstock.workflows import Workflow


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    old: str
    new: str
    says: str


CASES = (
    Case(
        id="unknown key",
        old='version: "3"',
        new='version: "3"\nstewart: [ann]',
        says="w.yaml:3: stewart is not a known key. Did you mean 'stewards'?",
    ),
    Case(
        id="unknown key of a step",
        old="needs: [ingest]}",
        new="needs: [ingest], retry: 2}",
        says="w.yaml:8: steps[1].retry is not a known key. Did you mean 'retries'?",
    ),
    Case(
        id="unknown key of a webhook",
        old="url_env: PENSTOCK_WEBHOOK",
        new="url_env: PENSTOCK_WEBHOOK, url: 'https://x/secret'",
        says="w.yaml:22: notify[1].url is not a known key. Did you mean 'url_env'?",
    ),
    Case(
        id="missing key",
        old="publish: {table: retail}\n",
        new="",
        says="w.yaml:1: publish is missing. Add it.",
    ),
    Case(
        id="missing needs",
        old="agent: scan, needs: [ingest]}",
        new="agent: scan}",
        says="w.yaml:8: steps[1].needs is missing. Add it: steps whose outputs it takes; [] for a"
        " first step.",
    ),
    Case(
        id="version is a number",
        old='version: "3"',
        new="version: 3",
        says="w.yaml:2: version is 3, but should be text. Put it into quotes.",
    ),
    Case(
        id="flag is a word",
        old='version: "3"',
        new='version: "3"\nin_order: yes',
        says="w.yaml:3: in_order is 'yes', but should be true or false. Correct it.",
    ),
    Case(
        id="retries is text",
        old="needs: [ingest]}",
        new='needs: [ingest], retries: "2"}',
        says="w.yaml:8: steps[1].retries is '2', but should be a whole number. Correct it.",
    ),
    Case(
        id="retries below nothing",
        old="needs: [ingest]}",
        new="needs: [ingest], retries: -1}",
        says="w.yaml:8: steps[1].retries is -1, but should be greater than or equal to 0."
        " Correct it.",
    ),
    Case(
        id="timeout of nothing",
        old="needs: [ingest]}",
        new="needs: [ingest], timeout_s: 0}",
        says="w.yaml:8: steps[1].timeout_s is 0, but should be greater than 0. Correct it.",
    ),
    Case(
        id="unknown on_error",
        old="on_error: skip",
        new="on_error: ignore",
        says="w.yaml:14: steps[7].on_error is 'ignore', but should be 'hold' or 'skip'."
        " Correct it.",
    ),
    Case(
        id="needs is text",
        old="needs: [ingest]}",
        new="needs: ingest}",
        says="w.yaml:8: steps[1].needs is 'ingest', but should be a list. Correct it.",
    ),
    Case(
        id="landing is text",
        old='landing: {uri: "s3://landing/retail", pattern: "*.csv.gz"}',
        new="landing: s3://landing/retail",
        says="w.yaml:4: landing is 's3://landing/retail', but should be a mapping of keys to"
        " values. Correct it.",
    ),
    Case(
        id="dataset name",
        old="dataset: retail",
        new="dataset: Retail-2",
        says="w.yaml:3: dataset is 'Retail-2', but should match pattern '^[a-z][a-z0-9_]{0,62}$'."
        " Begin with a small letter; use small letters, digits and _, at most 63.",
    ),
    Case(
        id="unknown kind of target",
        old="{kind: log}",
        new="{kind: slack}",
        says="w.yaml:22: notify[0].kind is 'slack', but should be 'log' or 'webhook'. Correct it.",
    ),
    Case(
        id="target without kind",
        old="{kind: log}",
        new="{url_env: X}",
        says="w.yaml:22: notify[0].kind is missing. Add it.",
    ),
    Case(
        id="address instead of a variable",
        old="url_env: PENSTOCK_WEBHOOK",
        new="url_env: webhook",
        says="w.yaml:22: notify[1].url_env is 'webhook', but should match pattern"
        " '^[A-Z][A-Z0-9_]*$'. Name an environment variable, as PENSTOCK_WEBHOOK; never the"
        " address.",
    ),
    Case(
        id="no stewards",
        old="[ann@example.org]",
        new="[]",
        says="w.yaml:21: stewards is an empty list, but should hold at least one entry."
        " Correct it.",
    ),
    Case(
        id="steward of spaces",
        old="[ann@example.org]",
        new="[' ']",
        says="w.yaml:21: stewards[0] is ' ', which names nobody. Write an address or login without"
        " spaces, as ann@example.org.",
    ),
    Case(
        id="steward twice",
        old="[ann@example.org]",
        new="[ann, ann]",
        says="w.yaml:21: stewards names 'ann' twice. Keep one of them.",
    ),
    Case(
        id="proof is not said",
        old="  proof: none\n",
        new="",
        says="w.yaml:15: gate.proof is missing. Add it: how a steward proves who decided; `none`"
        " records decisions as not proved.",
    ),
    Case(
        id="name taken",
        old="{name: detect,",
        new="{name: scan,",
        says="w.yaml:10: The name 'scan' is taken by steps[1]. Give each step a name of its own.",
    ),
    Case(
        id="unknown need",
        old="needs: [ingest, validate, detect]",
        new="needs: [ingest, validate, detekt]",
        says="w.yaml:11: Step 'report' needs 'detekt', which is no step. Did you mean 'detect'?",
    ),
    Case(
        id="need twice",
        old="needs: [ingest]}",
        new="needs: [ingest, ingest]}",
        says="w.yaml:8: Step 'scan' needs 'ingest' twice. Keep one of them.",
    ),
    Case(
        id="cycle",
        old="needs: [ingest]}",
        new="needs: [ingest, detect]}",
        says="w.yaml:8: The steps run in a circle: scan -> detect -> scan. Take one of these needs"
        " away.",
    ),
    Case(
        id="needs itself",
        old="needs: [ingest]}",
        new="needs: [scan]}",
        says="w.yaml:8: The steps run in a circle: scan -> scan. Take one of these needs away.",
    ),
    Case(
        id="unknown agent",
        old="agent: detect",
        new="agent: detekt",
        says="w.yaml:10: Step 'detect' names the agent 'detekt', which does not exist."
        " Did you mean 'detect'?",
    ),
    Case(
        id="agent like none",
        old="agent: detect",
        new="agent: xyz",
        says="w.yaml:10: Step 'detect' names the agent 'xyz', which does not exist. Known are:"
        " annotate, detect, early, gate, ingest, notify, publish, report, scan, sum, twin,"
        " validate.",
    ),
    Case(
        id="first step with a need",
        old="agent: ingest, needs: []",
        new="agent: ingest, needs: [scan]",
        says="w.yaml:7: The steps run in a circle: ingest -> scan -> ingest. Take one of these"
        " needs away.",
    ),
    Case(
        id="need of a first step",
        old="name: detect, agent: detect, needs: [ingest, scan]",
        new="name: detect, agent: ingest, needs: [scan]",
        says="w.yaml:10: Step 'detect' needs 'scan', but ingest/1 is a first step: it takes only"
        " the claim. Write needs: [].",
    ),
    Case(
        id="no use for a need",
        old="agent: scan, needs: [ingest]}\n  - {name: validate",
        new="agent: scan, needs: [ingest, other]}\n"
        "  - {name: other, agent: annotate, needs: [ingest]}\n  - {name: validate",
        says="w.yaml:8: Step 'scan' needs 'other', but scan/1 has no use for its output Told; it"
        " takes Rows. Take this need away, or name a step that gives what is taken.",
    ),
    Case(
        id="need missing",
        old="agent: detect, needs: [ingest, scan]",
        new="agent: detect, needs: [ingest]",
        says="w.yaml:10: Step 'detect' lacks the input 'counts' of detect/1: none of its needs"
        " gives Counts. Add 'scan' to its needs.",
    ),
    Case(
        id="none of many",
        old="needs: [ingest, validate, detect]",
        new="needs: [ingest, validate]",
        says="w.yaml:11: Step 'report' lacks the input 'judged' of report/1: none of its needs"
        " gives Judged. Add 'validate' or 'detect' to its needs.",
    ),
    Case(
        id="two for one",
        old="  - {name: scan, agent: scan, needs: [ingest]}",
        new="  - {name: again, agent: ingest, needs: []}\n"
        "  - {name: scan, agent: scan, needs: [ingest, again]}",
        says="w.yaml:9: Step 'scan' has 2 outputs for the input 'rows' of scan/1, which takes one:"
        " ingest, again. Keep one of them.",
    ),
    Case(
        id="one for two",
        old="agent: scan, needs: [ingest]",
        new="agent: twin, needs: [ingest]",
        says="w.yaml:8: Step 'scan' needs 'ingest', but its output Rows fits several inputs of"
        " twin/1: one, other. Correct the agent: each output must fit one input.",
    ),
    Case(
        id="around the gate",
        old="{name: publish, agent: publish, needs: [gate]}",
        new="{name: publish, agent: publish, needs: [gate]}\n"
        "  - {name: early, agent: early, needs: [ingest]}",
        says="w.yaml:14: Step 'early' can be reached around the gate 'gate': ingest -> early."
        " Let it need only what comes after the gate.",
    ),
    Case(
        id="no gate",
        old="  - {name: gate, agent: gate, needs: [report]}\n"
        "  - {name: publish, agent: publish, needs: [gate]}\n"
        "  - {name: notify, agent: notify, needs: [publish], on_error: skip}\n",
        new="",
        says="w.yaml:6: No step is a gate. Add the gate between the report and the first effect.",
    ),
    Case(
        id="two gates",
        old="  - {name: gate, agent: gate, needs: [report]}",
        new="  - {name: gate, agent: gate, needs: [report]}\n"
        "  - {name: gate2, agent: gate, needs: [report]}",
        says="w.yaml:13: Steps 'gate' and 'gate2' are both gates; a batch is decided on once."
        " Keep one of them.",
    ),
    Case(
        id="a judgement that nobody sees",
        old="  - {name: report,",
        new="  - {name: more, agent: detect, needs: [ingest, scan]}\n  - {name: report,",
        says="w.yaml:11: Step 'more' judges, but nothing that leads to the gate 'gate' needs it."
        " Add it to the needs of a step before the gate, or take it away.",
    ),
    Case(
        id="findings that stay out of the evidence",
        old="  - {name: report, agent: report, needs: [ingest, validate, detect]}",
        new="  - {name: more, agent: detect, needs: [ingest, scan]}\n"
        "  - {name: sum, agent: sum, needs: [more]}\n"
        "  - {name: report, agent: report, needs: [ingest, validate, detect, sum]}",
        says="w.yaml:11: The findings of step 'more' do not get into the evidence. Add it to the"
        " needs of the step that reports.",
    ),
    Case(
        id="the gate may not be skipped",
        old="needs: [report]}",
        new="needs: [report], on_error: skip}",
        says="w.yaml:12: Step 'gate' may not be skipped: it is the gate. Write on_error: hold.",
    ),
    Case(
        id="publishing may not be skipped",
        old="needs: [gate]}",
        new="needs: [gate], on_error: skip}",
        says="w.yaml:13: Step 'publish' may not be skipped: it publishes. Write on_error: hold.",
    ),
    Case(
        id="what is needed may not be skipped",
        old="needs: [ingest]}",
        new="needs: [ingest], on_error: skip}",
        says="w.yaml:8: Step 'scan' may not be skipped: step 'validate' cannot do without it"
        " (input 'counts'). Write on_error: hold.",
    ),
    Case(
        id="the only one of many may not be skipped",
        old="agent: detect, needs: [ingest, scan]}",
        new="agent: detect, needs: [ingest, scan], on_error: skip}",
        says="w.yaml:10: Step 'detect' may not be skipped: step 'report' cannot do without it"
        " (input 'judged'). Write on_error: hold.",
    ),
    Case(
        id="no condition",
        old="  ask_if:\n    - {field: severity, op: ge, value: high}\n"
        "    - {field: rows_share, op: gt, value: 0.2}\n",
        new="  ask_if: []\n",
        says="w.yaml:16: gate.ask_if is an empty list, but should hold at least one entry."
        " Correct it.",
    ),
    Case(
        id="a critical finding would pass",
        old="    - {field: severity, op: ge, value: high}\n",
        new="    - {field: kind, op: ne, value: range}\n",
        says="w.yaml:16: gate.ask_if would let a critical finding through without asking. Add"
        " {field: severity, op: ge, value: critical}, or a lower severity.",
    ),
    Case(
        id="unknown field",
        old="field: rows_share",
        new="field: row_share",
        says="w.yaml:18: gate.ask_if[1].field is 'row_share', which no condition can ask for."
        " Did you mean 'rows_share'?",
    ),
    Case(
        id="unknown operator",
        old="op: gt",
        new='op: ">"',
        says="w.yaml:18: gate.ask_if[1].op is '>', which does not apply to rows_share. Use one of:"
        " eq, ne, lt, le, gt, ge.",
    ),
    Case(
        id="percent for a share",
        old="value: 0.2",
        new="value: 20",
        says="w.yaml:18: gate.ask_if[1].value is 20. For rows_share gt write a share between 0 and"
        " 1, as 0.05.",
    ),
    Case(
        id="unknown severity",
        old="value: high",
        new="value: hgih",
        says="w.yaml:17: gate.ask_if[0].value is hgih. For severity ge write one of: low, medium,"
        " high, critical.",
    ),
    Case(
        id="a list without in",
        old="value: high",
        new="value: [high]",
        says="w.yaml:17: gate.ask_if[0].value is high. For severity ge write one of: low, medium,"
        " high, critical.",
    ),
    Case(
        id="value is a flag",
        old="value: high",
        new="value: true",
        says="w.yaml:17: gate.ask_if[0].value is true, but should be text, a number or a list of"
        " texts. Correct it.",
    ),
    Case(
        id="no contract",
        old="contract: contracts/retail.yaml",
        new="contract: contracts/other.yaml",
        says="w.yaml:5: There is no contract 'contracts/other.yaml' in the config. Correct the"
        " key, or put the contract there.",
    ),
    Case(
        id="contract outside the config",
        old="contract: contracts/retail.yaml",
        new="contract: contracts/../../secrets.yaml",
        says="w.yaml:5: contract is 'contracts/../../secrets.yaml', which is no file of the"
        " config's contracts. Write its key, as contracts/retail.yaml.",
    ),
    Case(
        id="contract of another dataset",
        old="dataset: retail",
        new="dataset: wholesale",
        says="w.yaml:5: The contract 'contracts/retail.yaml' is about 'retail', not about the"
        " dataset 'wholesale'. Name the dataset's own contract, or correct one of the two names.",
    ),
    Case(
        id="landing of an unknown kind",
        old="s3://landing/retail",
        new="https://host/retail",
        says="w.yaml:4: landing.uri begins with 'https', but is no place to read. Write"
        " s3://bucket/prefix or file:///folder.",
    ),
    Case(
        id="landing without bucket",
        old="s3://landing/retail",
        new="s3:///retail",
        says="w.yaml:4: landing.uri names no bucket. Write s3://bucket/prefix.",
    ),
    Case(
        id="landing with a password",
        old="s3://landing/retail",
        new="s3://key:hidden@landing/retail",
        says="w.yaml:4: landing.uri carries more than a place. Leave out user, password, query and"
        " fragment; access comes from the environment.",
    ),
    Case(
        id="relative landing without a folder to start at",
        old="s3://landing/retail",
        new="landing/retail",
        says="w.yaml:4: landing.uri is a relative path, but the config does not lie in a local"
        " folder. Write s3://bucket/prefix.",
    ),
    Case(
        id="pattern that climbs",
        old="*.csv.gz",
        new="../*.csv",
        says="w.yaml:4: landing.pattern is '../*.csv', which matches nothing below landing.uri."
        " Write a pattern of names, as *.csv.gz.",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_definition_is_refused_with_line_and_remedy(
    case: Case, definition: str, read: Callable[..., Workflow]
) -> None:
    assert definition.count(case.old) == 1

    with pytest.raises(ConfigError) as refused:
        read(definition.replace(case.old, case.new))

    assert str(refused.value) == case.says
    assert refused.value.file == "w.yaml"


def test_misspelt_key_is_named_before_the_one_it_leaves_missing(
    definition: str, read: Callable[..., Workflow]
) -> None:
    with pytest.raises(ConfigError, match=r"^w\.yaml:21: stewart is not .* mean 'stewards'\?$"):
        read(definition.replace("stewards:", "stewart:"))


def test_first_of_several_mistakes_is_named(definition: str, read: Callable[..., Workflow]) -> None:
    broken = definition.replace("kind: log", "kind: logg").replace('version: "3"', "version: 3")

    with pytest.raises(ConfigError, match=r"^w\.yaml:2: version is 3"):
        read(broken)


def test_value_of_a_landing_is_never_shown(definition: str, read: Callable[..., Workflow]) -> None:
    with pytest.raises(ConfigError) as refused:
        read(definition.replace("s3://landing", "s3://key:hidden@landing"))

    assert "hidden" not in str(refused.value)
