"""Which names are files of a dataset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import ConfigError
from penstock.landing import compile_pattern, is_landed
from penstock.landing.pattern import fixed_part


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "a.CSV", False),
        ("*.csv", "a.csv.gz", False),
        ("*.csv", "folder/a.csv", False),
        ("*.csv", "new\nline.csv", True),
        ("*.csv*", "a.csv.gz", True),
        ("**/*.csv", "a.csv", True),
        ("**/*.csv", "x/y/a.csv", True),
        ("x/**/a.csv", "x/a.csv", True),
        ("x/**", "x/y/z", True),
        ("x/**", "y/x/z", False),
        ("**", "any/thing", True),
        ("day-??.csv", "day-07.csv", True),
        ("day-??.csv", "day-0/.csv", False),
        ("[a-c]*.csv", "b1.csv", True),
        ("[!a-c]*.csv", "b1.csv", False),
        ("[!a-c]*.csv", "d1.csv", True),
        ("a[!b]c", "a/c", False),
        ("[^]x", "^x", True),
        ("[\\]x", "\\x", True),
        ("[--]", "-", True),
        ("[]", "[]", True),
        ("[!]", "!", True),
        ("[&&~~||]", "&", True),
        ("a+(b).csv", "a+(b).csv", True),
        ("unclosed[.csv", "unclosed[.csv", True),
        ("orders.csv", "ordersxcsv", False),
    ],
)
def test_a_pattern_fits(pattern: str, key: str, fits: bool) -> None:
    assert bool(compile_pattern(pattern).fullmatch(key)) is fits


@pytest.mark.parametrize("pattern", ["", "  ", "/a.csv", "[z-a].csv"])
def test_a_pattern_that_fits_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="fits no file"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("key", "landed"),
    [
        ("a.csv", True),
        ("x/y.z/a_b.csv", True),
        ("party.csv", True),
        ("a.csv.part", False),
        ("a.csv.PART", False),
        ("a.tmp", False),
        ("a.csv~", False),
        (".a.csv", False),
        ("_a.csv", False),
        ("_temporary/0/part-0.csv", False),
        ("x/.staging/a.csv", False),
        ("x/_SUCCESS", False),
    ],
)
def test_a_name_says_whether_its_file_landed(key: str, landed: bool) -> None:
    assert is_landed(key) is landed


@given(key=st.text(st.characters(exclude_characters="*?[")))
def test_a_name_without_wildcards_fits_itself_alone(key: str) -> None:
    if not key.strip() or key.startswith("/"):
        return

    assert compile_pattern(key).fullmatch(key)
    assert not compile_pattern(key).fullmatch(f"{key}x")


@given(pattern=st.text("ab/*?[]!-.", min_size=1), key=st.text("ab/.-"))
def test_what_fits_begins_with_the_fixed_part(pattern: str, key: str) -> None:
    try:
        fits = compile_pattern(pattern).fullmatch(key)
    except ConfigError:
        return

    assert not fits or key.startswith(fixed_part(pattern))
