"""What is a number, what is a category, and what fits into no float."""

import math
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.v1alpha1 import ColumnType, Csv, Dataset
from gridfold_trainer.data.cleaning import Missing
from gridfold_trainer.data.columns import ColumnBuilder
from gridfold_trainer.data.csv_blocks import BlockParser
from gridfold_trainer.data.csv_scan import Block
from gridfold_trainer.data.number_readers import ColumnRule
from gridfold_trainer.data.numbers import NUMBER
from gridfold_trainer.data.targets import Target, type_target
from gridfold_trainer.data.typed import Rejected, Typed

pytestmark = pytest.mark.usefixtures("frames")

Texts = list[str | None]
NUMERIC, CATEGORICAL = ColumnType.NUMERIC, ColumnType.CATEGORICAL


def builders(texts: Texts, declared: ColumnType | None, pieces: int, *, codes: bool = True) -> Typed | Rejected:
    """Type a column as the table does: in pieces, and again as text where text came after numbers."""
    import polars as pl

    missing = Missing(trim=False)
    builder = ColumnBuilder(missing, ColumnRule(declared, codes=codes))
    again = ColumnBuilder(missing, ColumnRule(CATEGORICAL))
    for rows in np.array_split(np.arange(len(texts)), pieces):
        piece = pl.Series("c", [texts[row] for row in rows], dtype=pl.String)
        builder.append(piece, rows + 1)
        again.append(piece, rows + 1)
    return (again if builder.incomplete else builder).finish()


def typed(texts: Texts, declared: ColumnType | None = None) -> Typed | Rejected:
    whole = builders(texts, declared, 1)
    for pieces in (2, len(texts)):
        other = builders(texts, declared, pieces)
        assert type(other) is type(whole)
        if isinstance(whole, Typed) and isinstance(other, Typed):
            assert (other.type, other.categories) == (whole.type, whole.categories)
            np.testing.assert_array_equal(other.values, whole.values)
        elif isinstance(whole, Rejected) and isinstance(other, Rejected):
            assert other.missing == whole.missing
    return whole


def target(texts: Texts, declared: ColumnType | None = None, *, classifier: bool = True) -> Target | Rejected:
    dataset = Dataset.model_validate({"sources": [{"uri": "file:x.csv"}], "target": "y"})
    return type_target(builders(texts, declared, 1, codes=False), dataset, classifier=classifier)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


NUMBERS = ["0", "-0", "+1", "1.", ".5", "-.5e3", "1e5", "1E+05", "-007", "01.5", "1e-400", "9007199254740992", "1e300"]
TEXTS = ["", "inf", "-Infinity", "nan", "NaN", "1_000", "0x10", "1e", "e5", ".", "+", "--1", "1,5", "1.5.2", "١", "²"]
TEXTS += ["1e5.5", "1f", "true", " 1", "1 ", "1\n", "½", "NA", "1 000", "1d", "0b1", "1e٣", "00", "007", "01234"]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_read_as_python_reads_it(text: str) -> None:
    found = typed([text, None])
    assert isinstance(found, Typed)
    assert found.type is NUMERIC
    assert bits(found.values[0]) == bits(float(text))
    assert math.isnan(found.values[1])


@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_one_text_that_is_no_number_makes_the_column_categorical(text: str) -> None:
    found = typed(["1", text, None, "2"])
    assert isinstance(found, Typed)
    assert found.type is CATEGORICAL
    assert found.categories == tuple(sorted({"1", "2", text}))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(alphabet=st.sampled_from(list("0123456789+-.eEinfaN_x ")), min_size=1, max_size=8), min_size=1))
def test_a_column_is_numeric_exactly_when_every_text_matches_the_documented_pattern(texts: list[str]) -> None:
    found = typed(list(texts))
    matching = all(re.fullmatch(NUMBER.strip("^$"), text, re.ASCII) for text in texts)
    matching = matching and not any(re.fullmatch("0[0-9]+", text) for text in texts)
    if isinstance(found, Rejected):
        assert matching
        assert any(math.isinf(float(text)) or abs(float(text)) > 2**53 for text in texts)
    else:
        assert (found.type is NUMERIC) == matching


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.from_regex(r"\A[+-]?[0-9]{1,40}\.[0-9]{0,40}([eE][+-]?[0-9]{1,3})?\Z"),
    )
)
def test_every_number_has_the_bits_that_python_gives_it(text: str) -> None:
    found = typed([text])
    if math.isinf(float(text)):
        assert isinstance(found, Rejected)
    else:
        assert isinstance(found, Typed)
        assert bits(found.values[0]) == bits(float(text))


@pytest.mark.parametrize("keep", [None, [True, True, False, True, False, True]])
def test_of_a_rejected_column_only_rows_without_value_count_as_missing(keep: list[bool] | None) -> None:
    import polars as pl

    builder = ColumnBuilder(Missing(trim=False), ColumnRule(NUMERIC))
    for first, texts in ((1, ["1", "x", ""]), (4, ["y", "", None])):
        builder.append(pl.Series("c", texts, dtype=pl.String), np.arange(first, first + 3))
    found = builder.finish(None if keep is None else np.array(keep))
    assert isinstance(found, Rejected)
    assert '"x" (row 2), "y" (row 4) are no number' in found.problem
    assert found.missing == (3 if keep is None else 1)


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1" * 400 + ".0"])
def test_a_number_that_overflows_is_refused_with_its_row(text: str) -> None:
    found = typed(["1", text, "2"])
    assert isinstance(found, Rejected)
    assert "(row 2)" in found.problem
    assert "64-bit float" in found.problem


@pytest.mark.parametrize(
    "text", ["9007199254740993", "-9007199254740993", "-0009007199254740993", "123456789012345678901"]
)
def test_an_integer_beyond_two_to_the_53_is_refused(text: str) -> None:
    found = typed(["1", text])
    assert isinstance(found, Rejected)
    assert "2^53" in found.problem
    assert "(row 2)" in found.problem


@pytest.mark.parametrize(
    "text", ["9007199254740992", "-9007199254740992", "9007199254740993.0", "1e17", "+" + "0" * 500 + "1"]
)
def test_an_integer_up_to_two_to_the_53_and_anything_with_a_point_or_exponent_is_taken(text: str) -> None:
    found = typed([text])
    assert isinstance(found, Typed)
    assert found.values[0] == float(text)


@pytest.mark.parametrize("text", ["9007199254740993", "1e400", "1"])
def test_any_text_can_be_a_category(text: str) -> None:
    found = typed([text, None, text], CATEGORICAL)
    assert isinstance(found, Typed)
    assert found.categories == (text,)
    np.testing.assert_array_equal(found.values, [0, np.nan, 0])


def test_categories_keep_spellings_apart_and_stand_in_code_point_order() -> None:
    texts = ["b", "B", "1", "01", "1.0", "é", "e\u0301", "\uffff", "\U00010000", "Z", "日", None]
    found = typed(list(texts))
    assert isinstance(found, Typed)
    present = [text for text in texts if text is not None]
    assert found.categories == tuple(sorted(present))
    assert [found.categories[int(code)] for code in found.values[:-1]] == present
    assert math.isnan(found.values[-1])


def test_a_column_declared_numeric_tells_what_is_no_number_in_it() -> None:
    found = typed(["1", "x", None, "y", "z", "inf"], NUMERIC)
    assert isinstance(found, Rejected)
    assert '"x" (row 2), "y" (row 4), "z" (row 5) and 1 more are no number' in found.problem


def test_a_column_without_any_value_is_numeric_and_missing_everywhere() -> None:
    found = typed([None, None])
    assert isinstance(found, Typed)
    assert found.type is NUMERIC
    assert np.isnan(found.values).all()


@pytest.mark.parametrize(
    ("texts", "classes", "codes"),
    [
        (["yes", "no", "yes"], ("no", "yes"), [1, 0, 1]),
        (["1", "01", "1.0", "0", "-0", "1e0"], (0, 1), [1, 1, 1, 0, 0, 1]),
        (["10", "9", "-1"], (-1, 9, 10), [2, 1, 0]),
        (["1", "01", "x"], ("01", "1", "x"), [1, 0, 2]),
        ([">50K", "<=50K"], ("<=50K", ">50K"), [1, 0]),
        (["True", "False"], ("False", "True"), [1, 0]),
    ],
)
def test_classes_are_numbers_where_all_values_are_and_texts_otherwise(
    texts: Texts, classes: tuple[object, ...], codes: list[int]
) -> None:
    found = target(texts)
    assert isinstance(found, Target)
    assert found.classes == classes
    assert [type(label) for label in found.classes] == [type(label) for label in classes]
    assert found.y.dtype == np.int64
    assert found.y.tolist() == codes


def test_a_declared_categorical_target_keeps_spellings_apart() -> None:
    found = target(["1", "01", "1"], CATEGORICAL)
    assert isinstance(found, Target)
    assert found.classes == ("01", "1")


def test_a_regressors_target_is_numbers() -> None:
    found = target(["1", "2.5", "-3"], classifier=False)
    assert isinstance(found, Target)
    assert found.classes is None
    assert found.y.tolist() == [1.0, 2.5, -3.0]


@pytest.mark.parametrize(
    ("texts", "declared", "classifier", "words"),
    [
        (["0.5", "1"], None, True, "among them 0.5"),
        (["1", "x"], None, False, "a regressor predicts numbers"),
        (["1", "2"], CATEGORICAL, False, "a regressor predicts numbers"),
        (["1", "x"], NUMERIC, True, "no number"),
        (["1e999", "0"], None, True, "64-bit float"),
        ([str(number) for number in range(10_001)], None, True, "10001 classes"),
    ],
)
def test_a_target_that_the_estimator_cannot_learn_is_refused(
    texts: Texts, declared: ColumnType | None, classifier: bool, words: str
) -> None:
    found = target(texts, declared, classifier=classifier)
    assert isinstance(found, Rejected)
    assert words in found.problem


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"1,x\n", b",x\n"]),
    st.lists(
        st.one_of(
            st.text(alphabet=st.sampled_from(list("0123456789+-.eEinfaN_x ")), max_size=6),
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_a_column_that_is_read_as_floats_is_what_it_is_when_read_as_text(first: bytes, texts: list[str]) -> None:
    """polars parses later blocks as floats; whatever it accepts there must be what the rules accept."""
    names = ["a", "b"]
    missing = Missing(trim=True)
    blocks = [
        Block(first, 1),
        Block("".join(f"{text},x\n" for text in texts).encode(), len(texts)),
        Block(b"7.50,x\n", 1),
        Block(b"08,x\n", 1),
    ]

    def built(spelled: frozenset[str], *, at_once: bool) -> Typed | Rejected:
        parser = BlockParser("s3://b/k", names, Csv(), spelled)
        frames = parser.parse_all(iter(blocks)) if at_once else map(parser.parse, blocks)
        builder, again = ColumnBuilder(missing), ColumnBuilder(missing, ColumnRule(CATEGORICAL))
        text_parser = BlockParser("s3://b/k", names, Csv(), frozenset(names))
        for number, (frame, block) in enumerate(zip(frames, blocks, strict=True)):
            builder.append(frame["a"], np.arange(block.records) + number)
            again.append(text_parser.parse(block)["a"], np.arange(block.records) + number)
        return (again if builder.incomplete else builder).finish()

    slow = built(frozenset(names), at_once=False)
    for fast in (built(frozenset(), at_once=False), built(frozenset(), at_once=True)):
        assert type(fast) is type(slow)
        if isinstance(fast, Typed) and isinstance(slow, Typed):
            assert (fast.type, fast.categories) == (slow.type, slow.categories)
            assert fast.values.tobytes() == slow.values.tobytes()
