"""Patterns of sources: what they match is what a shell matches, in time that grows with the name alone."""

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold_export.patterns import to_regex
from gridfold_trainer.errors import ObjectMissingError
from gridfold_trainer.storage.patterns import compile_pattern

SETS = st.sampled_from(["[ab]", "[!a]", "[]a]", "[a-c]", "[*]", "[^a]", "[!/]"])
#: One folder: where a name has no /, * is what it is in fnmatch.
OF_ONE_FOLDER = st.lists(st.one_of(st.sampled_from([*"ab.^", "*", "?"]), SETS), max_size=8).map("".join)
OF_FOLDERS = st.lists(st.one_of(st.sampled_from([*"ab/", "*", "**", "**/", "?"]), SETS), max_size=9).map("".join)


@given(OF_ONE_FOLDER, st.text("abc.^*]", max_size=8))
def test_within_a_folder_a_pattern_matches_what_fnmatch_matches(pattern: str, name: str) -> None:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    assert compile_pattern(pattern).fullmatch(name) is fnmatch.fnmatchcase(name, pattern)


@given(OF_FOLDERS, st.text("abc/*", max_size=9))
def test_across_folders_a_pattern_matches_what_the_expression_of_the_exported_script_matches(
    pattern: str, name: str
) -> None:
    expected = re.fullmatch(to_regex(pattern), name, re.DOTALL) is not None
    assert compile_pattern(pattern).fullmatch(name) is expected


@given(OF_ONE_FOLDER, OF_ONE_FOLDER, st.text("abc.^*]/", max_size=10))
def test_the_exported_script_matches_names_of_several_stars_as_the_trainer_does(
    folder: str, name: str, key: str
) -> None:
    pattern = f"{folder}/{name}".replace("**", "*").replace("**", "*")
    expected = compile_pattern(pattern).fullmatch(key)
    assert (re.fullmatch(to_regex(pattern), key, re.DOTALL) is not None) is expected


def test_the_exported_script_takes_no_longer_either_where_stars_stand_in_one_name() -> None:
    begin = time.process_time()
    assert re.fullmatch(to_regex("*a" * 30 + "*Z.csv"), "a" * 400 + ".csv") is None
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    "pattern", ["s3://b/" + "*a" * 200 + "Z.csv", "s3://b/" + "**/a*" * 200 + "Z", "s3://b/**" * 90]
)
def test_a_pattern_that_was_made_to_take_long_takes_milliseconds_a_name(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    names = ["s3://b/" + "a" * 1000 + ".csv", "s3://b/" + "a/" * 500 + ".csv"]
    begin = time.process_time()
    assert not any(compiled.fullmatch(name) for name in names)
    assert time.process_time() - begin < 1, "a backtracking expression takes years"


def test_a_set_that_cannot_be_is_told_with_its_spelling() -> None:
    with pytest.raises(ObjectMissingError, match=r"bad character range z-a.*write \[\[\] for a \["):
        compile_pattern("s3://b/[z-a].csv")
