"""Codes with leading zeros, booleans beside texts and numbers, texts for "no value": one meaning each, told."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data import contents
from gridfold_trainer.data.assemble import Assembled, assemble
from gridfold_trainer.data.sources import fetch, locate
from gridfold_trainer.errors import DataError
from tests.unit.trainer.data_jobs import context, stage_input
from tests.unit.trainer.spelled_numbers import advised, column, csv, merged, prepared, same_bits

pytestmark = pytest.mark.usefixtures("frames")

NAN = float("nan")
FORMS = ["data.csv", "data.jsonl", "data.parquet"]


def texts_of(values: list[str], name: str) -> dict[str, list[str]]:
    return {name: values, "a": [str(at) for at in range(len(values))], "y": ["p", "q"] * (len(values) // 2)}


def written(folder: Path, form: str, values: list[Any]) -> None:
    """Write a table with a column v of these values, as far as the format can hold them."""
    rows = [{"v": value, "a": at, "y": "pq"[at % 2]} for at, value in enumerate(values)]
    if form.endswith("parquet"):
        import polars as pl

        pl.DataFrame(rows).write_parquet(folder / form)
    elif form.endswith("jsonl"):
        (folder / form).write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        (folder / form).write_text(csv({name: [str(row[name]) for row in rows] for name in rows[0]}))


def read(folder: Path, forms: list[str], dataset: dict[str, Any] | None = None) -> Assembled:
    job = stage_input(dataset={"sources": [{"uri": f"file:{form}"} for form in forms], **(dataset or {})})
    where = context(folder)
    return assemble(job.spec, fetch(job.spec.dataset.sources, locate(job.spec.dataset.sources, where), where), where,
                    classifier=True)  # fmt: skip


def kind(found: Assembled, name: str = "v") -> ColumnType:
    (kind,) = [column.type for column in found.columns if column.name == name]
    return kind


ZIPS = ["01234", "1234", "99999", "00501"] * 10


@pytest.mark.parametrize("piece", [40, contents.PIECE_BYTES])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zips", [ZIPS, sorted(ZIPS, reverse=True), [*["7"] * 36, "007", "8", "9", "9"]])
def test_whole_numbers_with_leading_zeros_are_texts_wherever_they_stand(
    form: str, piece: int, zips: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    written(tmp_path, form, zips)
    found = read(tmp_path, [form])
    assert found.columns[0].categories == tuple(sorted(set(zips)))
    [warning] = found.warnings
    assert warning.startswith("Write dataset.columnTypes: {v: Numeric} if these are numbers, Categorical if they are")
    numeric = read(tmp_path, [form], {"columnTypes": {"v": "Numeric"}})
    same_bits(column(numeric), [float(text) for text in zips])
    categorical = read(tmp_path, [form], {"columnTypes": {"v": "Categorical"}})
    assert categorical.columns == found.columns
    assert numeric.warnings == categorical.warnings == []


@pytest.mark.parametrize(
    "values", [["0", "10", "-0"], ["0.5", "00.5", "01.25"], ["-01", "-1", "1"], ["1e05", "1", "0"]]
)
def test_other_zeros_are_numbers(values: list[str], tmp_path: Path) -> None:
    found = prepared(tmp_path, csv(texts_of(values * 10, "v")))
    assert found.warnings == []
    same_bits(column(found), [float(text) for text in values * 10])


def test_groups_of_codes_and_of_numbers_are_told_apart_and_said_so(tmp_path: Path) -> None:
    found = prepared(tmp_path, csv(texts_of(ZIPS, "v")), {"groupColumn": "v"})
    assert found.groups is not None
    assert len(set(found.groups.tolist())) == 4
    [warning] = found.warnings
    assert 'leading zeros in v ("00501")' in warning
    numbers = prepared(tmp_path, csv(texts_of(ZIPS, "v")), {"groupColumn": "v", "columnTypes": {"v": "Numeric"}})
    assert numbers.groups is not None
    assert len(set(numbers.groups.tolist())) == 3


@pytest.mark.parametrize("piece", [40, contents.PIECE_BYTES])
def test_spellings_of_one_class_are_one_class_and_told(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    content = csv({"a": [str(at) for at in range(40)], "y": [*["1", "2"] * 18, "01", "2.0", "1", "02"]})
    found = prepared(tmp_path, content)
    assert found.target.classes == (1, 2)
    [warning] = found.warnings
    assert warning.startswith("Declare y Categorical in dataset.columnTypes if these are different classes: ")
    assert warning.endswith('"01" and "1" are one, "02", "2" and "2.0" are one.')
    declared = prepared(tmp_path, content, {"columnTypes": {"y": "Categorical"}})
    assert declared.target.classes == ("01", "02", "1", "2", "2.0")
    assert declared.warnings == []


#: Values of one column, what its refusal says to write, and the numbers that this gives.
MIXED: list[tuple[list[Any], str, list[float]]] = [
    ([True, "True", False, "False"], "columnTypes: {v: Boolean}", [1, 1, 0, 0]),
    ([True, "true", False, "FALSE"], "columnTypes: {v: Boolean}", [1, 1, 0, 0]),
    ([True, "True", "1", "0"], "columnTypes: {v: Boolean}", [1, 1, 1, 0]),
    ([True, None, "False", 0], "columnTypes: {v: Boolean}", [1, NAN, 0, 0]),
    ([True, "None", False, "True"], 'columnMissingValues: {v: ["None"]}', [1, NAN, 0, 1]),
    ([True, "null", "False", ""], 'columnMissingValues: {v: ["null"]}', [1, NAN, 0, NAN]),
]


@pytest.mark.parametrize(("values", "words", "numbers"), MIXED)
def test_booleans_beside_texts_are_refused_with_words_that_make_them_one_kind(
    values: list[Any], words: str, numbers: list[float], tmp_path: Path
) -> None:
    written(tmp_path, "data.jsonl", values * 10)
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        read(tmp_path, ["data.jsonl"])
    assert "it has true or false (file:data.jsonl, line 1) beside" in str(caught.value)
    same_bits(column(read(tmp_path, ["data.jsonl"], merged(advised(str(caught.value))))), numbers * 10)


@pytest.mark.parametrize("texts", [["yes", "no", "maybe", "no"], ["red", "2", "blue", "?"]])
def test_booleans_beside_other_texts_are_refused_and_can_be_texts(texts: list[str], tmp_path: Path) -> None:
    written(tmp_path, "data.jsonl", [True, *texts, False] * 10)
    with pytest.raises(DataError, match="declare it Categorical in dataset.columnTypes"):
        read(tmp_path, ["data.jsonl"])
    found = read(tmp_path, ["data.jsonl"], {"columnTypes": {"v": "Categorical"}})
    assert found.columns[0].categories == tuple(sorted({"0", "1", *texts}))


@pytest.mark.parametrize("others", ["data.csv", "data.jsonl"])
def test_booleans_of_parquet_beside_texts_of_another_file_are_refused_with_the_same_words(
    others: str, tmp_path: Path
) -> None:
    written(tmp_path, "a.parquet", [True, False] * 10)
    written(tmp_path, others, ["True", "FALSE"] * 10)
    for forms in (["a.parquet", others], [others, "a.parquet"]):
        with pytest.raises(DataError, match=r"columnTypes: {v: Boolean}: it has true or false \(file:a\.parquet\)"):
            read(tmp_path, forms)
        found = read(tmp_path, forms, {"columnTypes": {"v": "Boolean"}})
        same_bits(column(found), [1.0, 0.0] * 20)
        assert found.warnings == []


def test_categories_of_booleans_are_the_same_in_every_format(tmp_path: Path) -> None:
    declared = {"columnTypes": {"v": "Categorical"}}
    for form in ("data.jsonl", "data.parquet"):
        written(tmp_path, form, [True, False] * 10)
        assert read(tmp_path, [form], declared).columns[0].categories == ("0", "1")


@pytest.mark.parametrize("form", ["data.jsonl"])
def test_booleans_beside_other_numbers_are_told_and_the_declaration_is_silent(form: str, tmp_path: Path) -> None:
    written(tmp_path, form, [True, False, 7, 1] * 10)
    [warning] = read(tmp_path, [form]).warnings
    assert warning.startswith("Declare v Numeric in dataset.columnTypes if true is 1 and false is 0 there")
    assert warning.endswith("(file:data.jsonl, line 1) beside 7.")
    found = read(tmp_path, [form], {"columnTypes": {"v": "Numeric"}})
    assert found.warnings == []
    same_bits(column(found), [1.0, 0.0, 7.0, 1.0] * 10)


@pytest.mark.parametrize(
    "values", [[1, "1", 2, "2"], [1.5, "1.5", 2, "3e2"], [True, "1", False, "0"], [None, "", 1, 2]]
)
def test_a_number_and_its_text_are_one_number_without_a_word(values: list[Any], tmp_path: Path) -> None:
    written(tmp_path, "data.jsonl", values * 10)
    found = read(tmp_path, ["data.jsonl"])
    assert found.warnings == []
    same_bits(column(found), [NAN if value in {None, ""} else float(value) for value in values] * 10)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["True", "true", "TRUE", "False"], [1, 1, 1, 0]),
        (["True", "False", "1", "0"], [1, 0, 1, 0]),
        (["true", "False", "false", "n/a"], [1, 0, 0, NAN]),
    ],
)
def test_several_spellings_of_true_are_told_with_words_that_make_them_one(
    texts: list[str], numbers: list[float], tmp_path: Path
) -> None:
    content = csv(texts_of(texts * 10, "v"))
    [warning] = prepared(tmp_path, content).warnings
    assert warning.startswith("Write dataset.columnTypes: {v: Boolean}")
    same_bits(column(prepared(tmp_path, content, merged(advised(warning)))), numbers * 10)


def test_a_declared_boolean_that_is_none_is_named_with_its_row(tmp_path: Path) -> None:
    content = csv(texts_of(["True", "False", "2", "yes"] * 10, "v"))
    with pytest.raises(DataError, match=r'is declared Boolean in columnTypes, but "2" \(row 3\), "yes" \(row 4\)'):
        prepared(tmp_path, content, {"columnTypes": {"v": "Boolean"}})


@pytest.mark.parametrize("nothing", ["null", "None", "NaN", "nan", "NA", "N/A"])
@pytest.mark.parametrize("form", ["data.jsonl", "data.parquet"])
def test_texts_for_no_value_beside_missing_ones_are_told_with_what_to_write(
    nothing: str, form: str, tmp_path: Path
) -> None:
    written(tmp_path, form, ["red", None, nothing, "blue"] * 10)
    [warning] = read(tmp_path, [form]).warnings
    assert warning.startswith(f'Write dataset.columnMissingValues: {{v: ["{nothing}"]}} if that means no value, too:')
    found = read(tmp_path, [form], merged(advised(warning)))
    assert found.columns[0].categories == ("blue", "red")
    assert found.warnings == []
    assert kind(found) is ColumnType.CATEGORICAL


def test_a_text_target_of_booleans_and_texts_is_refused(tmp_path: Path) -> None:
    rows = [{"a": at, "y": [True, "True", False, "False"][at % 4]} for at in range(40)]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match=r"the target y needs its type: write dataset\.columnTypes: {\"y\": Boolean}"):
        read(tmp_path, ["data.jsonl"])
    found = read(tmp_path, ["data.jsonl"], {"columnTypes": {"y": "Boolean"}})
    assert found.target.classes == (0, 1)
    assert np.bincount(found.target.y).tolist() == [20, 20]
