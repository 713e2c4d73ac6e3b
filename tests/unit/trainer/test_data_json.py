"""JSON sources: objects, a line each or in one list, that need not have the same names, are read as pandas does."""

import json
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import Csv, Dataset, Source
from gridfold_trainer.data import contents
from gridfold_trainer.data.object_names import ObjectNames
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.table_formats import collect_names
from gridfold_trainer.data.tables import read_tables
from gridfold_trainer.errors import UnreadableTableError
from tests.unit.trainer.data_jobs import run_prepare

pytestmark = pytest.mark.usefixtures("frames")

Found = tuple[list[str], list[list[str | None]], list[str]]


def read(folder: Path, **files: bytes) -> Found:
    """Return columns, rows and warnings of files by name, of which the last underscore is a dot."""
    import polars as pl

    from gridfold_trainer.data.object_names import NewNamesError

    fetched = []
    for name, content in files.items():
        path = folder / ".".join(name.rsplit("_", 1))
        path.write_bytes(content)
        fetched.append(Fetched(f"s3://b/{path.name}", path, "", fetched=False))
    dataset, names = Dataset(sources=[Source(uri="s3://b/k")], target="y", csv=Csv()), ObjectNames()
    try:
        pieces = list(read_tables(fetched, dataset, 2**40, trim=True, names=names))
    except NewNamesError:
        collect_names(fetched, None, names, 2**40)
        pieces = list(read_tables(fetched, dataset, 2**40, trim=True, names=names))
    frame = pl.concat([piece.frame for piece in pieces])
    return frame.columns, [list(row) for row in frame.rows()], names.warnings()


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


ROWS: list[list[dict[str, Any]]] = [
    [{"a": 1, "y": 0}, {"y": 1}, {"a": "2", "y": 1}],
    [{"a": 1}, {"a": 2, "y": 1}, {"b": 3, "a": 1}],
    [{}, {"y": 1, "a": 2}, {}, {"c": None, "a": 5}],
    [{"y": 1}, {"x": True}, {"z": "ü\n"}],
]


@pytest.mark.parametrize("size", [1, 7, contents.PIECE_BYTES])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("form", ["lines", "list", "laid out"])
def test_the_columns_are_the_names_of_all_objects_in_the_order_in_which_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, rows: list[dict[str, Any]], size: int
) -> None:
    import pandas as pd

    monkeypatch.setattr(contents, "PIECE_BYTES", size)
    content = {
        "lines": lines(*rows),
        "list": json.dumps(rows).encode(),
        "laid out": json.dumps(rows, indent=2).encode(),
    }
    frame = pd.DataFrame(rows, dtype=object)
    texts = {True: "1", False: "0"}
    expected = [
        [None if pd.isna(value) else texts.get(value, str(value)) if value is not True else "1" for value in row]
        for row in frame.values.tolist()
    ]
    found = read(tmp_path, rows_json=b"\xef\xbb\xbf \n" + content[form])
    assert found[:2] == (frame.columns.tolist(), expected)


def test_names_of_several_sources_are_put_together(tmp_path: Path) -> None:
    found = read(tmp_path, a_jsonl=lines({"a": 1, "y": 0}), b_json=b'[{"y": 1, "b": 2}, {"a": 3}]')
    assert found[:2] == (["a", "y", "b"], [["1", "0", None], [None, "1", "2"], ["3", None, None]])


def test_objects_may_lack_columns_of_a_table_before_them_but_have_no_others(tmp_path: Path) -> None:
    assert read(tmp_path, a_csv=b"a,y\n1,0\n", b_jsonl=lines({"y": 1}))[1] == [["1", "0"], [None, "1"]]
    with pytest.raises(UnreadableTableError, match=r"line 1: the object has b beside the columns of s3://b/a.csv"):
        read(tmp_path, a_csv=b"a,y\n1,0\n", b_jsonl=lines({"y": 1, "b": 2}))


def test_a_table_must_have_all_names_of_the_objects_before_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError, match=r"b.csv must have the columns of s3://b/a.jsonl, .* it lacks b"):
        read(tmp_path, a_jsonl=lines({"a": 1, "y": 0}, {"b": 1}), b_csv=b"a,y\n1,0\n")


def test_a_name_that_hardly_any_object_has_is_told(tmp_path: Path) -> None:
    rows = [{"age": number, "y": number % 2} for number in range(60)]
    rows[16] = {"agee": 16, "y": 0}
    (warning,) = read(tmp_path, a_jsonl=lines(*rows))[2]
    assert '"agee" (1 of 60, first in s3://b/a.jsonl, line 17; did you mean "age"?)' in warning
    (warning,) = read(tmp_path, a_jsonl=lines({"age": 1, "note": "x", "y": 1}, *rows[:9]))[2]
    assert '"note" (1 of 10)' in warning
    assert read(tmp_path, a_jsonl=lines(*rows[:9]))[2] == []


def test_prepare_reads_objects_with_late_names_and_says_so(tmp_path: Path) -> None:
    rows = [{"a": number % 7, "y": number % 2} | ({"b": 1.5} if number == 30 else {}) for number in range(60)]
    (tmp_path / "rows.json").write_bytes(json.dumps(rows).encode())
    report = run_prepare(tmp_path, dataset={"sources": [{"uri": "file:rows.json"}]})
    assert report.dataset.columns == 2
    assert any('"b" (1 of 60, first in file:rows.json, line 1' in warning for warning in report.warnings)


def test_an_excluded_column_may_hold_lists_and_objects(tmp_path: Path) -> None:
    rows = [{"a": number % 7, "y": number % 2} for number in range(60)]
    nested = [{**row, "tags": ["x"], "more": {"b": 1}} for row in rows]
    (tmp_path / "rows.jsonl").write_bytes(lines(*nested))
    (tmp_path / "plain.jsonl").write_bytes(lines(*rows))
    sources = {"sources": [{"uri": "file:rows.jsonl"}]}
    found = run_prepare(tmp_path, dataset={**sources, "excludeColumns": ["tags", "more"]})
    assert found.digest == run_prepare(tmp_path, dataset={"sources": [{"uri": "file:plain.jsonl"}]}).digest
    with pytest.raises(UnreadableTableError, match=r"line 1: tags is a list; .* or exclude the column"):
        run_prepare(tmp_path, dataset={**sources, "excludeColumns": ["more"]})


PANDAS = 'df.to_json(path, orient="records", lines=True)'


@pytest.mark.parametrize("size", [1, contents.PIECE_BYTES])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"columns": ["a", "y"], "index": [0], "data": [[1, 2]]}', f'("columns" …); expected {"one object a line"}'),
        (b'{"a": {"0": 1}, "y": {"0": 0}}', PANDAS),
        (b'{\n "a": 1,\n "y": 0\n}\n', PANDAS),
        (b"a,y\n1,2\n", PANDAS),
        (b"[]", "no object"),
        (b'[{"a": 1}, 5]', "line 1: 5 is no JSON object"),
        (b'[{"a": 1}\n{"a": 2}]', 'line 2: "{" where "," should be'),
        (b'[{"a": 1},\n{"a": nul}]', "line 2: no JSON object"),
        (b'[{"a": 1},\n{"a": NaN}]', "line 2: NaN is no number of JSON"),
        (b'[{"a": 1},\n', "line 2: the list has no end"),
        (b'[{"a": 1}\n] x', "line 2: text behind the list"),
        (b'[{"a": 1},\n{"b": [1]}]', "line 2: b is a list"),
        (b'[{"a": 1, "a": 2}]', '"a" more than once'),
        (b'[{"a": "\xfc"}]', "line 1: byte 0xfc is not UTF-8"),
        (b"[{}, {}]", "an object without any name"),
    ],
)
def test_what_is_no_table_of_objects_is_refused_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str, size: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", size)
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, rows_json=content)
    assert words in str(caught.value)


def test_what_the_message_says_of_pandas_works(tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1, 2], "y": ["x", None]}).to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    content = (tmp_path / "rows.jsonl").read_bytes()
    assert read(tmp_path, rows_jsonl=content)[:2] == (["a", "y"], [["1", "x"], ["2", None]])
