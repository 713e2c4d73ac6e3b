"""Columns of dates become numbers: the parts that pandas gives, and nothing that another row decides."""

import datetime as dt
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import PrepareReport
from gridfold.api.v1alpha1 import DatePart
from gridfold.domain import dates
from gridfold_trainer import prepare
from gridfold_trainer.data import contents
from gridfold_trainer.data.prepared import PreparedData, load_prepared
from gridfold_trainer.data.raw_rows import prediction_code
from gridfold_trainer.errors import DataError
from tests.unit.trainer.data_jobs import context, run_prepare, stage_input

pytestmark = pytest.mark.usefixtures("frames")

DAYS = [dt.date(1968, 2, 28) + dt.timedelta(days=457 * number) for number in range(60)]
MOMENTS = [
    dt.datetime.fromisoformat("1999-12-31T23:30:01.000250") + dt.timedelta(days=n, minutes=97 * n) for n in range(60)
]
EVERY = {"dateParts": {"day": [part.value for part in DatePart]}}
DAY_NANOSECONDS = 86_400 * 10**9
DATE = {"columnTypes": {"day": "Date"}}


def table(texts: list[str]) -> str:
    return "a,day,b,y\n" + "".join(f"{n % 7},{text},{n % 5},{n % 2}\n" for n, text in enumerate(texts))


def prepared(folder: Path, texts: list[str], **dataset: Any) -> PreparedData:
    return loaded(folder, run_prepare(folder, table(texts), dataset={**DATE, **dataset}))


def loaded(folder: Path, report: PrepareReport) -> PreparedData:
    where = context(folder)
    return load_prepared(where.store, "file:out/cache/", report.digest, where.scratch)


@pytest.mark.parametrize("values", [DAYS, MOMENTS], ids=["days", "moments"])
def test_every_part_is_what_pandas_says_and_stands_where_the_column_stood(tmp_path: Path, values: list[Any]) -> None:
    import pandas as pd

    data = prepared(tmp_path, ["" if n % 9 == 4 else value.isoformat() for n, value in enumerate(values)], **EVERY)
    parts = ["year", "quarter", "month", "day", "day_of_year", "weekday", "hour"]
    assert [column.name for column in data.columns] == ["a", *(f"day.{part}" for part in [*parts, "days"]), "b"]
    series = pd.Series(pd.to_datetime([None if n % 9 == 4 else value for n, value in enumerate(values)]))
    for number, part in enumerate(parts, 1):
        np.testing.assert_array_equal(
            data.X[:, number], getattr(series.dt, part.replace("weekday", "day_of_week")).to_numpy(float)
        )
    passed = [value - pd.Timestamp(0) for value in series]
    days = [np.nan if pd.isna(time) else float(Fraction(time.value, DAY_NANOSECONDS)) for time in passed]
    np.testing.assert_array_equal(data.X[:, 8], days)


def test_a_date_without_parts_of_its_own_becomes_year_month_weekday_and_days(tmp_path: Path) -> None:
    data = prepared(tmp_path, [day.isoformat() for day in DAYS])
    assert [c.name for c in data.columns] == ["a", "day.year", "day.month", "day.weekday", "day.days", "b"]
    assert data.X[0, 1:5].tolist() == [1968, 2, 2, -673]


def test_no_row_decides_what_another_row_s_date_becomes(tmp_path: Path) -> None:
    texts = [day.isoformat() for day in DAYS]
    alone = prepared(tmp_path, texts).X
    np.testing.assert_array_equal(prepared(tmp_path, [*texts[:-1], "1001-01-01"]).X[:-1], alone[:-1])


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        ([day.strftime("%d.%m.%Y") for day in DAYS], "%d.%m.%Y"),
        ([f"{day.month}/{day.day}/{day.year}" for day in DAYS], "%m/%d/%Y"),
        ([day.strftime("%Y%m%d") for day in DAYS], "%Y%m%d"),
        ([day.strftime("%Y%m%d") for day in DAYS], None),
        ([day.strftime("%G-W%V-%u") for day in DAYS], None),
        ([f"{day}T01:00+01:00" for day in DAYS], None),
        ([f" {day}T00:00:00.000Z " for day in DAYS], None),
    ],
)
@pytest.mark.parametrize("piece", [50, contents.PIECE_BYTES])
def test_dates_of_every_spelling_are_the_same_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], form: str | None, piece: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    expected = prepared(tmp_path, [day.isoformat() for day in DAYS])
    found = prepared(tmp_path, texts, **({"dateFormats": {"day": form}} if form else {}))
    assert found.digest == expected.digest


@pytest.mark.parametrize("kind", ["Date", "Datetime", "DatetimeZone", "Nanoseconds"])
def test_dates_of_parquet_are_the_same_dates(tmp_path: Path, kind: str) -> None:
    import polars as pl

    types = {
        "Date": pl.Date(),
        "Datetime": pl.Datetime("ms"),
        "DatetimeZone": pl.Datetime("us", "UTC"),
        "Nanoseconds": pl.Datetime("ns"),
    }
    count = range(60)
    frame = pl.DataFrame(
        {"a": [n % 7 for n in count], "day": DAYS, "b": [n % 5 for n in count], "y": [n % 2 for n in count]}
    )
    file = io.BytesIO()
    frame.with_columns(pl.col("day").cast(pl.Datetime("us")).cast(types[kind])).write_parquet(file)
    (tmp_path / "rows.parquet").write_bytes(file.getvalue())
    dataset = {"sources": [{"uri": "file:rows.parquet"}], "target": "y", **DATE}
    found = prepare.run(stage_input(dataset=dataset), context(tmp_path))
    assert found.digest == prepared(tmp_path, [day.isoformat() for day in DAYS]).digest


def test_a_marker_of_no_value_is_missing_in_every_part_and_cleaning_sees_the_parts(tmp_path: Path) -> None:
    texts = ["0000-00-00" if n % 3 else f"2024-05-{n % 28 + 1:02}" for n in range(60)]
    spec = {**DATE, "columnMissingValues": {"day": ["0000-00-00"]}}
    report = run_prepare(tmp_path, table(texts), dataset=spec, cleaning={"dropConstantColumns": True})
    data = loaded(tmp_path, report)
    assert np.isnan(data.X).sum(axis=0).tolist() == [0, 40, 40, 40, 40, 0]
    whole = [f"2024-05-{n % 28 + 1:02}" for n in range(60)]
    report = run_prepare(tmp_path, table(whole), dataset=DATE, cleaning={"dropConstantColumns": True})
    assert [c.name for c in loaded(tmp_path, report).columns] == ["a", "day.weekday", "day.days", "b"]
    assert report.dataset.dropped_columns["constant"] == 2


ISO, GERMAN = DAYS[0].isoformat(), [day.strftime("%d.%m.%Y") for day in DAYS]


@pytest.mark.parametrize(
    ("texts", "dataset", "words"),
    [
        (["soon", ISO], {}, 'the column day is declared Date in columnTypes, but "soon" (row 1), '),
        (GERMAN, {}, 'set dataset.dateFormats: {day: "%d.%m.%Y"}.'),
        (["01/02/2024", "03/04/2024"], {}, 'set dataset.dateFormats: {day: "%d/%m/%Y"} (or "%m/%d/%Y": these dates'),
        ([ISO, "31.12.2024"], {"dateFormats": {"day": "%d.%m.%Y"}}, f'"{ISO}" (row 1), '),
        ([ISO, f"{ISO}T00:00Z"], {}, "the column day has dates with a time zone and dates without one"),
        ([ISO], {"columnTypes": {"day": "Date", "a": "Date"}}, '"0" (row 1)'),
    ],
)
def test_what_is_no_date_is_told_once_with_the_words_to_write(
    tmp_path: Path, texts: list[str], dataset: dict[str, Any], words: str
) -> None:
    repeated = [texts[number % len(texts)] for number in range(60)]
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, repeated, **dataset)
    (problem,) = caught.value.problems
    assert words in problem


def test_a_column_that_is_called_like_a_part_is_told(tmp_path: Path) -> None:
    text = table([ISO] * 60).replace("b,y", "day.year,y", 1)
    with pytest.raises(
        DataError, match=r'declares "day" as Date, of which "day.year" is made, but the data has a column'
    ):
        run_prepare(tmp_path, text, dataset=DATE)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([day.isoformat() for day in DAYS], "Set dataset.columnTypes: {day: Date} for year, month, weekday and days"),
        ([moment.isoformat(" ") for moment in MOMENTS], "Set dataset.columnTypes: {day: Date} for"),
        (GERMAN, 'Set dataset.columnTypes: {day: Date} and dataset.dateFormats: {day: "%d.%m.%Y"} for'),
        ([f"{d.month}/{d.day}/{d.year} 12:30" for d in DAYS], 'dateFormats: {day: "%m/%d/%Y %H:%M"} for'),
        (["1/2/2024", "2/1/2024"] * 30, 'dateFormats: {day: "%d/%m/%Y"} (or "%m/%d/%Y": the dates do not tell which)'),
    ],
)
def test_a_column_of_dates_that_is_not_declared_is_told_with_the_words_to_write(
    tmp_path: Path, texts: list[str], words: str
) -> None:
    report = run_prepare(tmp_path, table(texts))
    assert [words in warning for warning in report.warnings].count(True) == 1
    dataset: dict[str, Any] = {"columnTypes": {"day": "Date"}}
    if "dateFormats" in words:
        dataset["dateFormats"] = {"day": words.split('"')[1]}
    assert not any(
        "dates are taken" in warning for warning in run_prepare(tmp_path, table(texts), dataset=dataset).warnings
    )


def test_the_time_column_takes_dates_as_the_spec_says_they_are_written(tmp_path: Path) -> None:
    spec = {"timeColumn": "day"}
    plain = run_prepare(tmp_path, table([day.isoformat() for day in DAYS]), dataset=spec)
    found = run_prepare(tmp_path, table(GERMAN), dataset={**spec, "dateFormats": {"day": "%d.%m.%Y"}})
    assert found.digest == plain.digest
    numbers = [day.strftime("%d%m%Y") for day in DAYS]
    found = run_prepare(tmp_path, table(numbers), dataset={**spec, "dateFormats": {"day": "%d%m%Y"}})
    assert found.digest == plain.digest
    with pytest.raises(DataError, match=r'set dataset.dateFormats: {day: "%d.%m.%Y"}'):
        run_prepare(tmp_path, table(GERMAN), dataset=spec)
    with pytest.raises(DataError, match=r"not written as dateFormats says, %d/%m/%Y"):
        run_prepare(tmp_path, table(GERMAN), dataset={**spec, "dateFormats": {"day": "%d/%m/%Y"}})


def test_what_export_and_model_card_hold_computes_what_prepare_computes() -> None:
    names: dict[str, Any] = {}
    exec("\n".join(["import pandas as pd", *dates.IMPORTS, dates.SOURCE]), names)
    for text in ("2024-02-29", "0001-01-01", "9999-12-31T23:59:59.999999", "2024-05-31T12:00:00.1234567+05:30"):
        found = dates.moment(text)
        assert found is not None
        assert dates.without_zone(found) == names["moment"](text)
        for part in DatePart:
            expected = names["part_of"](names["moment"](text), dates.SUFFIXES[part])
            assert dates.part_of(dates.without_zone(found), part).hex() == expected.hex(), (text, part)


def test_the_program_on_a_model_card_makes_the_parts_that_prepare_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["?" if number % 8 == 3 else f" {moment:%d.%m.%Y %H:%M}" for number, moment in enumerate(MOMENTS)]
    dataset = {**DATE, **EVERY, "dateFormats": {"day": "%d.%m.%Y %H:%M"}, "columnMissingValues": {"day": ["?"]}}
    spec = stage_input(dataset=dataset).spec
    data = prepared(tmp_path, texts, **dataset)
    (tmp_path / "data.csv").rename(tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    program = [
        line for line in prediction_code(spec, data, []).splitlines() if "load" not in line and "print" not in line
    ]
    names: dict[str, Any] = {}
    exec("\n".join(program), names)
    assert names["rows"].columns.tolist() == [column.name for column in data.columns]
    np.testing.assert_array_equal(names["rows"].to_numpy(), data.X)
