from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.detect import Judgement, judge
from penstock.model import ColumnProfile, Frequency, Profile, canonical

from .conftest import context, entry

counts = st.integers(min_value=0, max_value=10**7)
numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True)
columns = st.builds(
    ColumnProfile,
    name=st.sampled_from(["a", "b"]),
    type=st.just("DOUBLE"),
    missing=counts,
    distinct=st.none() | counts,
    mean=numbers,
    stddev=numbers,
    quantiles=st.none() | st.tuples(*[st.floats()] * 5),
    zeros=st.none() | counts,
    negatives=st.none() | counts,
    empty=st.none() | counts,
    length_mean=numbers,
    frequencies=st.none()
    | st.lists(st.builds(Frequency, value=st.text(max_size=2), rows=counts), max_size=4).map(tuple),
)
profiles = st.builds(
    Profile,
    rows=counts,
    columns=st.lists(columns, max_size=2, unique_by=lambda c: c.name).map(tuple),
    engine=st.just("duckdb-2"),
)


@given(past=st.lists(profiles, max_size=32), batch=profiles)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_profile_is_judged_in_finite_numbers(past: list[Profile], batch: Profile) -> None:
    history = [entry(number, profile) for number, profile in enumerate(past)]

    judgement = judge(batch, history, context(len(past)))

    assert canonical(judgement, tag="test/1")
    assert Judgement.model_validate_json(judgement.model_dump_json()) == judgement
    assert len({finding.id for finding in judgement.findings}) == len(judgement.findings)
