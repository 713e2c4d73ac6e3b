"""A header line among the rows is named with its line, left out on request, and never a class or a category."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold_trainer.data import contents
from gridfold_trainer.data.assemble import Assembled
from gridfold_trainer.errors import UnreadableTableError
from tests.unit.trainer.spelled_numbers import prepared

pytestmark = pytest.mark.usefixtures("frames")

#: Tables of three columns: name, header, rows by number.
TABLES: dict[str, tuple[str, str]] = {
    "numbers": ("a,b,y", "{0},{0}.5,{1}"),
    "texts": ("a,b,y", "x{0},z,{1}"),
    "numbers as names": ("0,1,y", "{0},{0}.5,{1}"),
    "only numbers as names": ("0,1,2", "{0},{0}.5,{1}"),
    "quoted": ('"a","b","y"', '"{0}","b, {0}","{1}"'),
    "several lines in a field": ("a,b,y", '{0},"b\n{0}",{1}'),
    "semicolons": ("a;b;y", "{0};{0}.5;{1}"),
}


def rows(name: str, count: int = 40) -> str:
    header, row = TABLES[name]
    return "".join(f"{line}\n" for line in [header, *(row.format(number + 3, number % 2) for number in range(count))])


def dataset(name: str, **more: Any) -> dict[str, Any]:
    header = TABLES[name][0]
    delimiter = ";" if ";" in header else ","
    return {"target": header.split(delimiter)[-1].strip('"'), "csv": {"delimiter": delimiter, **more}}


def same(found: Assembled, expected: Assembled) -> None:
    assert found.columns == expected.columns
    assert found.target.classes == expected.target.classes
    assert found.matrix is not None
    assert expected.matrix is not None
    np.testing.assert_array_equal(np.load(found.matrix), np.load(expected.matrix))


@pytest.mark.parametrize("piece", [64, contents.PIECE_BYTES])
@pytest.mark.parametrize("name", TABLES)
def test_repeated_headers_are_named_with_their_lines_and_left_out_on_request(
    name: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    for folder in ("again", "once"):
        (tmp_path / folder).mkdir()
    table = rows(name)
    lines = table.count("\n")
    words = "repeatedHeader: Drop, or take the lines out: 2 lines repeat the header among the rows, as files do that "
    words += f"were put together (line {lines + 1}, {2 * lines + 1})"
    with pytest.raises(UnreadableTableError, match=re.escape(words)):
        prepared(tmp_path / "again", 3 * table, dataset(name))
    found = prepared(tmp_path / "again", 3 * table, dataset(name, repeatedHeader="Drop"))
    assert found.dropped_rows["repeatedHeaders"] == 2
    body = table.partition("\n")[2]
    same(found, prepared(tmp_path / "once", table + 2 * body, dataset(name)))


@pytest.mark.parametrize("change", [str.upper, lambda line: line.replace("a", "z"), lambda line: "a,b,1"])
def test_other_lines_are_rows(change: Any, tmp_path: Path) -> None:
    found = prepared(
        tmp_path, rows("texts") + f"{change('a,b,y')}\n" + rows("texts").partition("\n")[2], dataset("texts")
    )
    assert len(found.target.y) == 81


def test_a_header_in_another_order_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError, match=r"divide the file where .* b, a, y … in place of a, b, y …"):
        prepared(tmp_path, rows("texts") + "b,a,y\n" + rows("texts").partition("\n")[2], dataset("texts"))


def test_a_first_line_that_repeats_the_declared_names_is_named(tmp_path: Path) -> None:
    declared = dataset("numbers", header=False, columnNames=["a", "b", "y"])
    with pytest.raises(UnreadableTableError, match=r"1 line repeats the header .* \(line 1\)"):
        prepared(tmp_path, rows("numbers"), declared)
    declared["csv"]["repeatedHeader"] = "Drop"
    assert len(prepared(tmp_path, rows("numbers"), declared).target.y) == 40


def test_of_many_lines_the_advice_is_whole(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        prepared(tmp_path, 90 * rows("numbers", 12), dataset("numbers"))
    assert str(caught.value).startswith("file:data.csv: set dataset.csv.repeatedHeader: Drop, ")
    assert "89 lines repeat" in str(caught.value)
    assert len(str(caught.value)) < 300
