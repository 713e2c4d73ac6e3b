"""Numbers in other spellings: every one is told with the words to write, and the words give the right numbers.

The right number is float() of a plain text, made before it is spelled otherwise; where pandas can read the spelling,
it must agree.
"""

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gridfold_trainer.data.assemble import assemble
from gridfold_trainer.data.raw_rows import prediction_code
from gridfold_trainer.data.sources import fetch, locate
from gridfold_trainer.errors import DataError
from tests.unit.trainer.data_jobs import context, stage_input
from tests.unit.trainer.spelled_numbers import (
    LARGE,
    PLAIN,
    ROWS,
    SMALL,
    SPELLINGS,
    WHOLE,
    Spell,
    advised,
    column,
    comma,
    csv,
    grouped,
    merged,
    prepared,
    same_bits,
    table,
    whole,
)

pytestmark = pytest.mark.usefixtures("frames")


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_is_told_with_words_that_give_the_right_numbers(name: str, tmp_path: Path) -> None:
    plain, spell, words = SPELLINGS[name]
    content = csv(table([spell(text) for text in plain]))
    [warning] = prepared(tmp_path, content).warnings
    assert warning.startswith("Write ")
    assert words in warning
    found = prepared(tmp_path, content, merged(advised(warning)))
    same_bits(column(found), [float(text) for text in plain])
    assert found.warnings == []


def mixed_table(folder: Path, form: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write a table with a column of each spelling, one of numbers, one of booleans; return how a job declares it."""
    import polars as pl

    columns = {name: [spell(text) for text in plain][:15] for name, (plain, spell, _) in SPELLINGS.items()}
    formats = {}
    for name, (_, _, words) in SPELLINGS.items():
        parts = merged(advised(words if "dataset" in words else f"dataset.columnFormats: {words}"))
        formats[name] = parts["columnFormats"]["v"] if "columnFormats" in parts else parts["csv"]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    flags = ["True", "false", "TRUE", "1", "0"] * 3
    more = [{"n": float(PLAIN[at]), "b": flags[at], "y": at % 2} for at in range(15)]
    if form.endswith("csv"):
        more = [{**row, "n": comma(str(row["n"]))} for row in more]
    rows = [{**row, **others} for row, others in zip(rows, more, strict=True)]
    if form.endswith("parquet"):
        pl.DataFrame(rows).write_parquet(folder / form)
    elif form.endswith("jsonl"):
        (folder / form).write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        content = csv({name: [str(row[name]) for row in rows] for name in rows[0]})
        (folder / form).write_text(content, encoding="utf-8")
    formats["n"] = {"decimal": ",", "thousands": "."}
    return {"sources": [{"uri": f"file:{form}"}], "columnFormats": formats, "columnTypes": {"b": "Boolean"}}, rows


@pytest.mark.parametrize("form", ["rows.jsonl", "rows.parquet", "rows.csv"])
def test_formats_hold_in_every_form_of_data_and_on_the_model_card_and_leave_real_numbers_alone(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, _ = mixed_table(tmp_path, form)
    job = stage_input(dataset=dataset)
    where = context(tmp_path)
    files = fetch(job.spec.dataset.sources, locate(job.spec.dataset.sources, where), where)
    found = assemble(job.spec, files, where, classifier=True)
    expected = {name: [float(text) for text in plain[:15]] for name, (plain, _, _) in SPELLINGS.items()}
    expected |= {"n": [float(text) for text in PLAIN[:15]], "b": [1.0, 0.0, 1.0, 1.0, 0.0] * 3}
    for name, numbers in expected.items():
        same_bits(column(found, name), numbers)
    monkeypatch.chdir(tmp_path)
    model = SimpleNamespace(predict=lambda rows: rows.sum(axis=1))
    monkeypatch.setattr("skops.io.load", lambda *_args, **_options: model)
    program: dict[str, Any] = {}
    exec(prediction_code(job.spec, SimpleNamespace(columns=found.columns), []), program)
    for name, numbers in expected.items():
        same_bits(program["rows"][name].to_numpy(), numbers)


@pytest.mark.parametrize(
    ("plain", "spell", "options"),
    [
        (PLAIN, comma, {"decimal": ","}),
        (LARGE, grouped(".", ","), {"decimal": ",", "thousands": "."}),
        (LARGE, grouped(","), {"thousands": ","}),
        (WHOLE, whole("_"), {"thousands": "_"}),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_pandas_reads_with_the_same_options_is_the_same(
    plain: list[str], spell: Spell, options: dict[str, str], delimiter: str, tmp_path: Path
) -> None:
    import pandas as pd

    content = csv(table([spell(text) for text in plain], w=SMALL[: len(plain)]), delimiter)
    found = prepared(tmp_path, content, {"csv": {"delimiter": delimiter, **options}})
    theirs = pd.read_csv(io.StringIO(content), sep=delimiter, **options)
    for name in ("v", "w"):
        same_bits(column(found, name), theirs[name].astype(float).tolist())


def test_a_number_that_could_mean_two_is_told_with_both_and_either_can_be_had(tmp_path: Path) -> None:
    content = csv(table(texts := [whole(",")(text) for text in WHOLE if len(text) < 7]))
    [warning] = prepared(tmp_path, content).warnings
    first, second = advised(warning)
    assert 'if "1,000" means 1000 or' in warning
    same_bits(column(prepared(tmp_path, content, first)), [float(text.replace(",", "")) for text in texts])
    same_bits(column(prepared(tmp_path, content, second)), [float(text.replace(",", ".")) for text in texts])


@pytest.mark.parametrize("marker", ["N/A", "-", "?", "n. d.", "null", "--", "kA"])
@pytest.mark.parametrize("name", ["decimal comma", "dollars", "euros after", "per cent", "parentheses"])
def test_texts_among_numbers_of_another_spelling_are_told_with_them(name: str, marker: str, tmp_path: Path) -> None:
    plain, spell, _ = SPELLINGS[name]
    content = csv(table([marker if at % 7 == 3 else spell(text) for at, text in enumerate(plain)]))
    [warning] = prepared(tmp_path, content).warnings
    found = prepared(tmp_path, content, merged(advised(warning)))
    same_bits(column(found), [np.nan if at % 7 == 3 else float(text) for at, text in enumerate(plain)])


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ([f"{n}/{n + 3}" for n in range(1, 30)], 'fractions in v ("1/4")'),
        ([f"{n} 1/2" for n in range(1, 30)], "fractions in v"),
        ([hex(n * 37) for n in range(1, 30)], 'hexadecimal numbers in v ("0x1'),
        ([f"{n}-{n + 5}" for n in range(1, 30)], 'ranges in v ("1-6")'),
        ([f">{n}.5" for n in range(1, 30)], 'bounds in v (">1'),
        (["<0.1", *map(str, range(1, 30))], 'bounds in v ("<0.1")'),
        ([f"{n}+" for n in range(1, 30)], "bounds in v"),
        (
            [str(n).translate({48 + d: 0xFF10 + d for d in range(10)}) for n in range(1, 30)],
            "digits other than 0 to 9 in v",
        ),
        (
            [str(n).translate({48 + d: 0x660 + d for d in range(10)}) for n in range(1, 30)],
            "digits other than 0 to 9 in v",
        ),
        ([f"{n}{'kM'[n % 2]}" for n in range(1, 30)], "numbers in different units in v"),
        ([f"{'$€'[n % 2]}{n}.5" for n in range(1, 30)], "numbers in different units in v"),
        ([f"{n}{'.,'[n % 2]}5" for n in range(1, 30)], "numbers with two decimal marks in v"),
        ([f"{n}.5x10^{n}" for n in range(1, 30)], "exponents of another language in v"),
        ([f"{n}.5D+0{n % 9}" for n in range(1, 30)], "exponents of another language in v"),
    ],
)
def test_spellings_that_nothing_declares_are_told_to_be_converted_before(
    texts: list[str], kind: str, tmp_path: Path
) -> None:
    [warning] = prepared(tmp_path, content := csv(table(texts))).warnings
    assert warning.startswith("Convert these to numbers before, or declare them Categorical in dataset.columnTypes: ")
    assert kind in warning
    assert prepared(tmp_path, content, {"columnTypes": {"v": "Categorical"}}).warnings == []


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "green", "blue"],
        ["A1", "B2", "C3"],
        ["C100", "C101", "C102", "C103"],
        ["2024-01-05", "2024-02-06", "2023-12-31"],
        ["05.01.2024", "06.02.2024", "31.12.2023"],
        ["12:30", "09:15", "23:59"],
        ["10.1.2.100", "192.168.1.17", "10.12.13.100"],
        ["1.2.3", "1.10.0", "2.0.1"],
        ["a,b", "c,d", "1,x"],
        ["True", "False"],
        ["yes", "no"],
        ["q1 2024", "q2 2024", "q3 2024"],
    ],
)
def test_texts_that_are_no_numbers_in_any_spelling_are_not_told(texts: list[str], tmp_path: Path) -> None:
    warnings = prepared(tmp_path, csv(table(texts * 10))).warnings
    assert all(warning.startswith("Set dataset.columnTypes: {v: Date}") for warning in warnings)


def test_following_the_words_again_and_again_makes_every_column_of_a_table_right(tmp_path: Path) -> None:
    plain = {name: (numbers * 8)[:ROWS] for name, (numbers, _, _) in SPELLINGS.items()}
    columns = {f"c{at}": [SPELLINGS[name][1](text) for text in plain[name]] for at, name in enumerate(SPELLINGS)}
    content = csv({**columns, "w": PLAIN, "y": ["no", "yes"] * (ROWS // 2)})
    dataset: dict[str, Any] = {}
    for _ in range(12):
        found = prepared(tmp_path, content, dataset)
        if not found.warnings:
            break
        assert all(len(warning) <= 512 for warning in found.warnings)
        dataset = merged([dataset, *(part for warning in found.warnings for part in advised(warning)[:1])])
    for at, name in enumerate(SPELLINGS):
        same_bits(column(found, f"c{at}"), [float(text) for text in plain[name]])


@pytest.mark.parametrize("name", ["decimal comma", "European", "dollars", "per cent", "parentheses"])
def test_a_column_that_is_declared_numeric_in_another_spelling_is_told_with_words_that_make_it_so(
    name: str, tmp_path: Path
) -> None:
    plain, spell, _ = SPELLINGS[name]
    content, declared = csv(table([spell(text) for text in plain])), {"columnTypes": {"v": "Numeric"}}
    with pytest.raises(DataError, match=r"is declared Numeric in columnTypes, .* no number; write ") as caught:
        prepared(tmp_path, content, declared)
    found = prepared(tmp_path, content, {**declared, **merged(advised(str(caught.value)))})
    same_bits(column(found), [float(text) for text in plain])


@pytest.mark.parametrize(("classes", "marker"), [("ab", "NaN"), ("01", "NaN"), ("ab", "None"), ("ab", "n/a")])
def test_a_class_that_most_likely_is_none_is_told_with_what_to_write(classes: str, marker: str, tmp_path: Path) -> None:
    content = csv({"a": SMALL, "y": [marker if at % 9 == 0 else classes[at % 2] for at in range(ROWS)]})
    [warning] = prepared(tmp_path, content).warnings
    assert warning.startswith("Write dataset.columnMissingValues: ")
    found = prepared(tmp_path, content, merged(advised(warning)))
    assert found.dropped_rows["missingTarget"] == 5
    assert found.target.classes == (tuple(classes) if classes == "ab" else (0, 1))


def test_a_value_that_does_not_fit_a_declared_format_is_named_with_its_row(tmp_path: Path) -> None:
    content = csv(table(["$1.5", "$2.5", "2.5 EUR", "3"] * 4))
    with pytest.raises(
        DataError, match=re.escape('the column v is to be read by columnFormats, but "2.5 EUR" (row 3)')
    ):
        prepared(tmp_path, content, {"columnFormats": {"v": {"prefix": "$"}}})


def test_where_other_columns_have_decimal_points_the_words_are_for_the_column_alone(tmp_path: Path) -> None:
    content = csv(table([comma(text) for text in PLAIN], w=PLAIN, z=[comma(text) for text in LARGE]))
    [warning] = prepared(tmp_path, content).warnings
    assert 'columnFormats: {v: {decimal: ","}, z: {decimal: ","}}' in warning
    found = prepared(tmp_path, content, merged(advised(warning)))
    for name, plain in (("v", PLAIN), ("w", PLAIN), ("z", LARGE)):
        same_bits(column(found, name), [float(text) for text in plain])


@pytest.mark.parametrize("name", ["decimal comma", "European", "dollars", "per cent", "parentheses", "euros after"])
def test_a_regressors_target_in_another_spelling_is_told_with_words_that_give_its_numbers(
    name: str, tmp_path: Path
) -> None:
    plain, spell, _ = SPELLINGS[name]
    content = csv({"a": SMALL, "y": [spell(text) for text in plain]})
    with pytest.raises(DataError, match="a regressor predicts numbers") as caught:
        prepared(tmp_path, content, classifier=False)
    found = prepared(tmp_path, content, merged(advised(str(caught.value))), classifier=False)
    same_bits(found.target.y, [float(text) for text in plain])


@pytest.mark.parametrize("marker", ["NaN", "nan", "NA", "N/A", "null", "None", "-", "?"])
def test_a_regressors_target_with_a_text_for_no_value_is_told_with_what_to_write(marker: str, tmp_path: Path) -> None:
    content = csv({"a": SMALL, "y": [marker if at % 9 == 0 else text for at, text in enumerate(PLAIN)]})
    with pytest.raises(DataError, match="if that means no value") as caught:
        prepared(tmp_path, content, classifier=False)
    found = prepared(tmp_path, content, merged(advised(str(caught.value))), classifier=False)
    same_bits(found.target.y, [float(text) for at, text in enumerate(PLAIN) if at % 9])
    assert found.dropped_rows["missingTarget"] == 5


@pytest.mark.parametrize("marker", ["NaN", "NA", "N/A", "null", "None", "-", "?", "inf", "#REF!", 'say "no"', "x: {y"])
def test_texts_among_plain_numbers_are_told_with_what_to_write_first_and_whole(marker: str, tmp_path: Path) -> None:
    many = {f"measurement_{number:03d}": [marker, *SMALL[1:]] for number in range(60)}
    [warning] = prepared(tmp_path, content := csv(table(SMALL, **many))).warnings
    assert warning.startswith("Write dataset.csv.missingValues: [")
    assert len(warning) <= 512
    assert re.search(r" and \d+ more\.$", warning)
    found = prepared(tmp_path, content, merged(advised(warning)))
    assert found.warnings == []
    same_bits(column(found, "measurement_059"), [np.nan, *map(float, SMALL[1:])])


def test_a_time_in_another_spelling_is_told_with_words_that_give_its_order(tmp_path: Path) -> None:
    content = csv({"a": SMALL, "t": [comma(text) for text in PLAIN], "y": ["p", "q"] * (ROWS // 2)})
    with pytest.raises(DataError, match="timeColumn: t: write ") as caught:
        prepared(tmp_path, content, {"timeColumn": "t"})
    found = prepared(tmp_path, content, {"timeColumn": "t", **merged(advised(str(caught.value)))})
    assert found.time is not None
    same_bits(found.time, [float(text) for text in PLAIN])
