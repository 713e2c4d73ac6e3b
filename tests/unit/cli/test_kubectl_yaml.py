"""Documents as kubectl reads them: structure, places, and what is refused. One value: tests/contract."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold_cli.reading.kubectl_yaml import MAX_DEPTH, Document, YamlError, read_documents

TEXTS = st.text(st.characters(max_codepoint=0xD7FF), max_size=8)  # JSON escapes others as surrogates, YAML does not
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def read(text: str) -> object:
    (document,) = read_documents(text)
    return document.value


def refusal(text: str) -> YamlError:
    with pytest.raises(YamlError) as caught:
        list(read_documents(text))
    return caught.value


def test_maps_lists_quotes_and_blocks_mean_what_they_mean() -> None:
    text = """
plain: a text
quoted: "1"
single: 'yes'
folded: >
  one
  line
literal: |
  two
  lines
list: [1, {a: b}]
empty: {}
"""
    assert read(text) == {
        "plain": "a text",
        "quoted": "1",
        "single": "yes",
        "folded": "one line\n",
        "literal": "two\nlines\n",
        "list": [1, {"a": "b"}],
        "empty": {},
    }


@given(st.dictionaries(TEXTS, JSON_VALUES, max_size=4))
def test_json_is_yaml(value: object) -> None:
    assert read(json.dumps(value).replace("\x7f", "\\u007f")) == value


def test_empty_documents_are_no_documents() -> None:
    assert [document.value for document in read_documents("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n")] == [
        {"a": 1},
        {"b": 2},
    ]
    assert list(read_documents("")) == []
    assert list(read_documents("# only a remark\n")) == []
    assert list(read_documents("null\n")) == []


def test_every_path_knows_its_line() -> None:
    text = "spec:\n  grid:\n  - C: [1,\n      2]\n  - {D: 3}\n  name: x\n"
    (document,) = read_documents(text)
    assert document == Document({"spec": {"grid": [{"C": [1, 2]}, {"D": 3}], "name": "x"}}, document.lines)
    lines = {path: document.lines[path] for path in ("spec", "spec.grid", "spec.grid[0].C[1]", "spec.grid[1].D")}
    assert lines == {"spec": 1, "spec.grid": 2, "spec.grid[0].C[1]": 4, "spec.grid[1].D": 5}
    assert document.lines["spec.name"] == 6


def test_an_alias_repeats_its_anchor_and_a_merge_adds_its_keys() -> None:
    text = "base: &b {a: 1, b: 2}\nsame: *b\nmore: {<<: *b, b: 3}\nmany: {<<: [{c: 1}, {c: 2, d: 2}]}\n"
    assert read(text) == {
        "base": {"a": 1, "b": 2},
        "same": {"a": 1, "b": 2},
        "more": {"a": 1, "b": 3},
        "many": {"c": 1, "d": 2},
    }


def test_a_merge_replaces_keys_that_stand_before_it_as_in_go() -> None:
    assert read("{a: 1, <<: {a: 2}}") == {"a": 2}


def test_a_quoted_merge_sign_is_an_ordinary_key() -> None:
    assert read('{"<<": {a: 2}}') == {"<<": {"a": 2}}


def test_an_anchor_may_be_used_again_for_something_else() -> None:
    assert read("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "the key a stands here and on line 1"),
        ("a: 1\n'a': 2\n", (2, 1), "the key a stands here and on line 1"),
        ("1: x\n'1': y\n", (2, 1), "the key 1 stands here and on line 1"),
        ("a: [1, 2\nb: 3\n", (2, 2), ""),
        ("a: b: c\n", (1, 5), ""),
        ("a: 'open\n", (2, 1), ""),
        ("a:\n\t- 1\n", (2, 1), ""),
        ("a: *missing\n", (1, 4), "*missing is used, but no &missing ended before"),
        ("a: &x [*x]\n", (1, 8), "*x is used"),
        ("a: .inf\n", (1, 4), "cannot be written in JSON"),
        ("a: 1\nb: [0, .nan]\n", (2, 8), "cannot be written in JSON"),
        ("a: !!int x\n", (1, 4), "not of the type that its tag !!int says"),
        ("? [1]\n: x\n", (1, 3), "a list cannot be a key"),
        ("~: x\n", (1, 1), "null cannot be a key"),
        ("{<<: 1}\n", (1, 6), "<< merges a map"),
        ("a: \x07\n", (1, 4), "U+0007 may not stand in YAML"),
        ("a: " + "[" * (MAX_DEPTH + 2), (1, MAX_DEPTH + 4), "levels"),
        ("a: " + "[" * 100_000, (1, MAX_DEPTH + 4), "levels"),
    ],
)
def test_what_is_refused_is_refused_with_line_and_column(text: str, place: tuple[int, int], words: str) -> None:
    error = refusal(text)
    assert (error.line, error.column) == place
    assert words in error.message


def test_aliases_cannot_blow_a_small_file_up() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "more than 500000 values" in refusal("\n".join(lines)).message


@given(st.text(max_size=60) | st.text("[]{}:,-&*!|>'\"#%@ \n\tab12.", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        list(read_documents(text))
    except YamlError as error:
        assert error.line >= 1
        assert error.column >= 1
        assert error.message
