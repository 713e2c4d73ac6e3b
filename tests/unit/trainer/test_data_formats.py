"""One table in every format is one data set; what a format has beside tables is refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import PrepareReport
from gridfold_trainer import prepare
from gridfold_trainer.data import contents
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.data.prepared import load_prepared
from gridfold_trainer.errors import DataError, SourceTooLargeError, UnreadableTableError
from tests.unit.trainer.data_jobs import TABLE, context, run_prepare, stage_input

HEADER, *LINES = TABLE.splitlines()
ROWS = [dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in LINES]
TYPED = [{**row, "age": int(row["age"]), "height": float(row["height"])} for row in ROWS]


@pytest.fixture(scope="module", autouse=True)
def frames() -> None:
    add_frames()


def prepared_from(folder: Path, name: str, content: bytes, **dataset: Any) -> PrepareReport:
    (folder / name).write_bytes(content)
    spec = {"sources": [{"uri": f"file:{name}"}], "target": "y", **dataset}
    return prepare.run(stage_input(dataset=spec), context(folder))


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(rows: Any, **types: Any) -> bytes:
    import io

    import polars as pl

    file = io.BytesIO()
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema_overrides=types)
    frame.write_parquet(file, row_group_size=7)
    return file.getvalue()


def zstd(content: bytes) -> bytes:
    module = contents._zstd()
    return bytes(module.compress(content, options={module.CompressionParameter.checksum_flag: 1}))


@pytest.mark.parametrize("piece", [1, 64, contents.PIECE_BYTES])
def test_the_same_table_in_every_format_is_the_same_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    digest = run_prepare(tmp_path).digest
    text = TABLE.encode()
    files: dict[str, tuple[bytes, dict[str, Any]]] = {
        "a.csv.gz": (gzip.compress(text), {}),
        "b.CSV.zst": (zstd(text), {}),
        "c.csv.gz": (gzip.compress(text[:100]) + gzip.compress(text[100:]), {}),
        "d.csv.zst": (zstd(text[:100]) + zstd(text[100:]), {}),
        "e.jsonl": (json_lines(TYPED), {}),
        "f.ndjson.gz": (gzip.compress(json_lines(ROWS)), {}),
        "g.parquet": (parquet(TYPED), {}),
        "h": (parquet(TYPED), {"format": "Parquet"}),
        "i.csv": (text.replace(b",", b"\t"), {"csv": {"delimiter": "\t"}}),
        "j.csv": (b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"), {}),
        "k.csv": (text.replace(b"red", b"'red'"), {"csv": {"quoteCharacter": "'"}}),
        "l.csv": ("\n".join(LINES).encode(), {"csv": {"header": False, "columnNames": HEADER.split(",")}}),
        "m.txt": (text, {}),
        "n.csv": (json_lines(ROWS), {"format": "JSONLines"}),
    }
    for name, (content, dataset) in files.items():
        assert prepared_from(tmp_path, name, content, **dataset).digest == digest, name


def test_sources_of_several_formats_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *LINES[:20]]))
    (tmp_path / "b.jsonl").write_bytes(json_lines(TYPED[20:40]))
    (tmp_path / "c.parquet").write_bytes(parquet(TYPED[40:]))
    sources = [{"uri": f"file:{name}"} for name in ("a.csv", "b.jsonl", "c.parquet")]
    found = prepare.run(stage_input(dataset={"sources": sources, "target": "y"}), context(tmp_path))
    assert found.digest == run_prepare(tmp_path).digest


def test_latin_1_is_read_as_such(tmp_path: Path) -> None:
    table = TABLE.replace("green", "grün")
    assert prepared_from(tmp_path, "a.csv", table.encode()).digest == (
        prepared_from(tmp_path, "b.csv", table.encode("latin-1"), csv={"encoding": "Latin1"}).digest
    )


def test_text_that_comes_after_numbers_in_a_later_piece_makes_the_column_categorical(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = TABLE + "020,1.5,red,no\nold,1.5,red,yes\n,1.5,red,yes\n"
    whole = run_prepare(tmp_path, table)
    monkeypatch.setattr(contents, "PIECE_BYTES", 40)
    found = prepared_from(tmp_path, "other.csv", table.encode() + b"\n")
    assert found.digest == whole.digest
    where = context(tmp_path)
    data = load_prepared(where.store, "file:out/cache/", found.digest, where.scratch)
    assert data.columns[0].categories == tuple(sorted({*(row["age"] for row in ROWS), "020", "old"}))


def test_types_of_parquet_become_numbers_texts_and_dates(tmp_path: Path) -> None:
    import datetime as dt

    import polars as pl

    count = len(ROWS)
    frame = pl.DataFrame(
        {
            "flag": pl.Series([row % 2 == 0 for row in range(count)]),
            "small": pl.Series([row % 5 for row in range(count)], dtype=pl.Int8),
            "single": pl.Series([0.1 * row for row in range(count)], dtype=pl.Float32),
            "holes": pl.Series([None if row % 3 else float("nan") if row % 2 else 1.5 for row in range(count)]),
            "day": pl.Series([dt.date(2024, 1, 1 + row % 3) for row in range(count)]),
            "kind": pl.Series([("x", "y")[row % 2] for row in range(count)], dtype=pl.Categorical),
            "price": pl.Series([f"{row}.50" for row in range(count)]).cast(pl.Decimal(10, 2)),
            "y": pl.Series([("no", "yes")[row % 2] for row in range(count)]),
        }
    )
    found = prepared_from(tmp_path, "a.parquet", parquet(frame))
    where = context(tmp_path)
    data = load_prepared(where.store, "file:out/cache/", found.digest, where.scratch)
    by_name = {column.name: (column.categories, data.X[:, place]) for place, column in enumerate(data.columns)}
    assert by_name["flag"][1][:2].tolist() == [1, 0]
    assert by_name["small"][1][:6].tolist() == [0, 1, 2, 3, 4, 0]
    np.testing.assert_array_equal(by_name["single"][1], np.float32(0.1 * np.arange(count)).astype(np.float64))
    assert int(np.isnan(by_name["holes"][1]).sum()) == count - 10
    assert by_name["day"][0] == ("2024-01-01", "2024-01-02", "2024-01-03")
    assert by_name["kind"][0] == ("x", "y")
    assert by_name["price"][1][:2].tolist() == [0.5, 1.5]


def test_a_declared_marker_means_missing_in_numbers_of_parquet_as_in_text(tmp_path: Path) -> None:
    rows = [{"a": -999 if row % 4 == 0 else row, "b": -999.0 if row % 4 else 0.5, "y": row % 2} for row in range(60)]
    csv = {"csv": {"missingValues": ["-999"]}}
    found = prepared_from(tmp_path, "a.parquet", parquet(rows), **csv)
    where = context(tmp_path)
    data = load_prepared(where.store, "file:out/cache/", found.digest, where.scratch)
    assert np.isnan(data.X).sum(axis=0).tolist() == [15, 45]


def test_a_marker_of_one_column_means_missing_in_its_numbers_of_parquet_alone(tmp_path: Path) -> None:
    rows = [{"a": row % 3, "b": float(row % 3), "c": row % 3, "y": row % 2} for row in range(60)]
    found = prepared_from(tmp_path, "a.parquet", parquet(rows), columnMissingValues={"a": ["0"], "b": ["0"]})
    where = context(tmp_path)
    data = load_prepared(where.store, "file:out/cache/", found.digest, where.scratch)
    assert np.isnan(data.X).sum(axis=0).tolist() == [20, 20, 0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([2**53 + 1, 1], "integers that a 64-bit float would change"),
        ([float("inf"), 1.0], "no 64-bit float can hold"),
        ([[1, 2], [3]], "the column a has the type List"),
        ([{"b": 1}, {"b": 2}], "the column a has the type Struct"),
        ([b"x", b"y"], "the column a has the type Binary"),
        (["a\0b", "c"], "NUL character"),
    ],
)
def test_values_of_parquet_that_no_column_can_have_are_refused_by_name(
    tmp_path: Path, values: list[Any], words: str
) -> None:
    rows = [{"a": values[row % 2], "b": row, "y": row % 2} for row in range(60)]
    with pytest.raises(DataError, match=words):
        prepared_from(tmp_path, "a.parquet", parquet(rows))


def odd_columns() -> dict[str, Any]:
    """Columns of types that no column can have, of as many rows as the table."""
    import datetime as dt

    import polars as pl

    count = len(ROWS)
    return {
        "list": pl.Series([[1, 2]] * count),
        "struct": pl.Series([{"a": 1}] * count),
        "array": pl.Series([[1, 2]] * count, dtype=pl.Array(pl.Int8, 2)),
        "binary": pl.Series([b"x"] * count),
        "duration": pl.Series([dt.timedelta(seconds=5)] * count),
    }


def test_columns_of_types_that_no_column_can_have_are_named_together_and_may_be_excluded(tmp_path: Path) -> None:
    import polars as pl

    odd = odd_columns()
    content = parquet(pl.DataFrame({**pl.DataFrame(TYPED).to_dict(), **odd}))
    with pytest.raises(UnreadableTableError) as caught:
        prepared_from(tmp_path, "a.parquet", content)
    assert all(f"the column {name} has the type" in str(caught.value) for name in odd)
    assert f"spec.dataset.excludeColumns: [{', '.join(odd)}]" in str(caught.value)
    found = prepared_from(tmp_path, "a.parquet", content, excludeColumns=list(odd))
    assert found.digest == prepared_from(tmp_path, "b.parquet", parquet(TYPED)).digest


@pytest.mark.parametrize("end", [3, 50, -1, -9])
@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz", "a.csv.zst"])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str, end: int) -> None:
    text = TABLE.encode()
    content = {"a.parquet": parquet(TYPED), "a.csv.gz": gzip.compress(text), "a.csv.zst": zstd(text)}[name]
    with pytest.raises(DataError, match=r"cut off|not whole|cannot be read|is not"):
        prepared_from(tmp_path, name, content[:end])


@pytest.mark.parametrize("place", [4, 40, 100])
@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst"])
def test_a_file_whose_checksum_does_not_fit_is_never_read_as_something_else(
    tmp_path: Path, name: str, place: int
) -> None:
    pack = {"a.csv.gz": gzip.compress, "a.csv.zst": zstd}[name]
    damaged = bytearray(pack(TABLE.encode()))
    damaged[place] ^= 0xFF
    digest = run_prepare(tmp_path).digest
    try:
        found = prepared_from(tmp_path, name, bytes(damaged)).digest
    except DataError as error:
        assert name in str(error)
    else:
        assert found == digest  # the byte is one that says nothing of the content, such as gzip's time


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.jsonl.gz"])
def test_a_small_file_that_becomes_a_large_one_is_stopped_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bomb = TABLE.encode() + b"1,2,red,no\n" * 2_000_000
    packed = zstd(bomb) if name.endswith("zst") else gzip.compress(bomb)
    monkeypatch.setenv("GRIDFOLD_SOURCE_BYTES", "1000000")
    assert len(packed) < 1_000_000
    with pytest.raises(SourceTooLargeError, match="more than 1000000 bytes when decompressed"):
        prepared_from(tmp_path, name, packed, format="CSV")


OBJECTS = [
    ("no object", b'{"a": 1, "y": 0}\n[1, 2]\n', "line 2: [1, 2] is no JSON object"),
    ("half an object", b'{"a": 1, "y": 0}\n{"a": 1, "y"', "line 2: no JSON object"),
    ("a name twice", b'{"a": 1, "a": 2, "y": 0}\n', 'the object has "a" more than once'),
    ("a list", b'{"a": [1], "y": 0}\n', "line 1: a is a list"),
    ("an object in an object", b'{"a": {"b": 1}, "y": 0}\n', "line 1: a is an object"),
    ("NaN", b'{"a": NaN, "y": 0}\n', "line 1: NaN is no number of JSON"),
    ("NUL", b'{"a": "\\u0000", "y": 0}\n', "a has a NUL character"),
    ("no UTF-8", b'{"a": 1, "y": 0}\n{"a": "\xfc", "y": 0}\n', "line 2: byte 0xfc is not UTF-8"),
    ("nothing", b"\n\n", "no object, only blank lines"),
    ("no byte", b"", "is empty (0 bytes); expected a file of JSON lines"),
    ("an empty object", b"{}\n", "an object without any name"),
    ("half a surrogate", b'{"a": "\\ud800", "y": 0}\n', "no JSON object"),
    ("a very deep object", b'{"a": ' + b"[" * 100_000 + b"\n", "line 1: no JSON object"),
]


@pytest.mark.parametrize("piece", [3, contents.PIECE_BYTES])
@pytest.mark.parametrize(("content", "words"), [case[1:] for case in OBJECTS], ids=[case[0] for case in OBJECTS])
def test_what_is_no_table_of_json_lines_is_refused_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str, piece: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    with pytest.raises(UnreadableTableError) as caught:
        prepared_from(tmp_path, "a.jsonl", content)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "dataset", "content", "words"),
    [
        ("a.csv", {}, gzip.compress(b"a,y\n", mtime=0), "not a CSV file but gzip; give it the suffix .gz"),
        ("a.csv.gz", {}, b"a,y\n1,2\n", "not whole gzip data"),
        ("a.csv.zst", {}, b"a,y\n1,2\n", "not whole Zstandard data"),
        ("a.parquet", {}, b"a,y\n1,2\n3,4\n", "is not Parquet; correct dataset.format"),
        ("a.parquet.gz", {}, b"PAR1", "Parquet within .gz"),
        ("a.csv", {"csv": {"encoding": "Latin1"}}, b"a,y\n1,\x80\n", "line 2: byte 0x80 is no character of Latin-1"),
        ("a.csv", {"csv": {"encoding": "Latin1"}}, b"\xef\xbb\xbfa,y\n", "begins with the mark of UTF-8"),
        ("a.csv.gz", {}, gzip.compress(b"", mtime=0), "is empty when decompressed"),
    ],
)
def test_a_file_that_is_not_what_suffix_and_spec_say_is_refused_with_what_it_is(
    tmp_path: Path, name: str, dataset: dict[str, Any], content: bytes, words: str
) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        prepared_from(tmp_path, name, content, **dataset)
    assert words in str(caught.value)
