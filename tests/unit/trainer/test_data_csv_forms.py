"""Forms of CSV that people have: each is read as pandas reads it, and what is refused tells an advice that works."""

import codecs
import io
import warnings
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import Csv
from gridfold_trainer.data import contents
from gridfold_trainer.data.raw_rows import reading_code
from gridfold_trainer.errors import UnreadableTableError
from tests.unit.trainer.data_jobs import stage_input
from tests.unit.trainer.test_data_csv import read

pytestmark = pytest.mark.usefixtures("frames")

DROP, NAME = {"unnamedColumns": "Drop"}, {"unnamedColumns": "Name"}
BLANKS = {"delimiter": "Whitespace"}
#: Name, content, spec.dataset.csv, options of pandas.read_csv.
SAME: list[tuple[str, bytes, dict[str, Any], dict[str, Any]]] = [
    ("an index that pandas wrote", b",a,y\n0,1,2\n1,3,4\n", DROP, {"index_col": 0}),
    ("an index that pandas wrote, named", b",a,y\n0,1,2\n1,3,4\n", NAME, {}),
    ("a quoted empty name", b'"","a","y"\n"0",1,2\n', NAME, {}),
    ("several unnamed columns", b",a,,y,\n1,2,3,4,5\n", NAME, {}),
    ("several unnamed columns, dropped", b",a,,y,\n1,2,3,4,5\n", DROP, {"usecols": ["a", "y"]}),
    ("a delimiter at the end of rows", b"a,b,y\n1,2,0,\n3,4,1,\n", DROP, {"index_col": False}),
    ("a delimiter at the end of rows and CR LF", b"a,b,y\r\n1,2,0,\r\n3,4,1,\r\n", DROP, {"index_col": False}),
    ("a delimiter at the end of all lines", b"a,b,y,\n1,2,0,\n3,4,1,\n", DROP, {"usecols": ["a", "b", "y"]}),
    ("a delimiter at the end of the header", b"a,b,y,\n1,2,0\n3,4,1\n", DROP, {"usecols": ["a", "b", "y"]}),
    ("row names that the header leaves out", b'a,y\n"r1",1,2\n"r2",3,4\n', DROP, {}),
    ("no header and a delimiter at the end", b"1,2,\n3,4,\n", {"header": False, "columnNames": ["a", "y"], **DROP},
     {"header": None, "names": ["a", "y"], "index_col": False}),
    ("old Macintosh line ends", b"a,y\r1,2\r3,4\r", {}, {}),
    ("old Macintosh line ends and a CR in a text", b'a,y\r"1\r1",2\r3,4\r', {}, {}),
    ("blanks", b"a b y\n1 2 3\n4 5 6\n", BLANKS, {"sep": r"\s+"}),
    ("many blanks, at the edges too", b"  a   b\ty  \n 1 2 3\n4  \t 5   6 \n\n   \n7 8 9", BLANKS, {"sep": r"\s+"}),
    ("blanks and CR LF", b" a  y \r\n 1   2  \r\n3 4\r\n", BLANKS, {"sep": r"\s+"}),
    ("blanks and quotes", b'a y\n" 1  x"   2\n"" "3 ""q"" 4"\n', BLANKS, {"sep": r"\s+"}),
    ("blanks and a text of two lines", b'a y\n"x\n  y" 2\n3 4\n', BLANKS, {"sep": r"\s+"}),
    ("what R writes", b'"a" "y"\n"1" 5.1 "x z"\n"2" 3 "y"\n', {**BLANKS, **DROP}, {"sep": r"\s+"}),
    ("comments", b"# made by hand\na,y\n1,2\n# a note, with a comma\n3,4\n#end", {"comment": "#"}, {"comment": "#"}),
    ("a comment with quotes", b"# it's 5\" wide\na,y\n1,2\n", {"comment": "#"}, {"comment": "#"}),
    ("no comment within a text", b'a,y\n"x\n# y",2\n3,4\n', {"comment": "#"}, {"comment": "#"}),
    ("a comment in quotes", b'a,y\n"# x",2\n3,4\n', {"comment": "#"}, {"comment": "#"}),
    ("comments and blanks", b"# x\n a y\n 1 2\n# 3\n 3 4\n", {**BLANKS, "comment": "#"},
     {"sep": r"\s+", "comment": "#"}),
    ("lines above the header", b"Report\nof 2024, final\na,y\n1,2\n", {"skipLines": 2}, {"skiprows": 2}),
    ("blank lines above the header", b"Report\n\n\na,y\n1,2\n", {"skipLines": 3}, {"skiprows": 3}),
    ("comments among the lines above", b"# x\nReport\na,y\n1,2\n", {"skipLines": 2, "comment": "#"},
     {"skiprows": 2, "comment": "#"}),
    ("lines above rows without header", b"x\n1,2\n", {"skipLines": 1, "header": False, "columnNames": ["a", "y"]},
     {"skiprows": 1, "header": None, "names": ["a", "y"]}),
    ("Windows-1252", "a,y\n5 €,„x“\n".encode("cp1252"), {"encoding": "Windows1252"}, {"encoding": "cp1252"}),
    ("UTF-16", "a,y\n5 €,„x“\n".encode("utf-16"), {"encoding": "UTF16"}, {"encoding": "utf-16"}),
    ("UTF-16, big end first", codecs.BOM_UTF16_BE + "a,y\nä,2\n".encode("utf-16-be"), {"encoding": "UTF16"},
     {"encoding": "utf-16"}),
    ("the mark of UTF-8 before a comment", codecs.BOM_UTF8 + b"# x\na,y\n1,2\n", {"comment": "#"}, {"comment": "#"}),
    ("the mark of UTF-8 and an index", codecs.BOM_UTF8 + b",a,y\n0,1,2\n", DROP, {"index_col": 0}),
    ("blank lines at the end", b"a,y\n1,2\n\n\n \n", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 10, contents.PIECE_BYTES])
@pytest.mark.parametrize(("content", "csv", "options"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_a_form_is_read_as_pandas_reads_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    csv: dict[str, Any],
    options: dict[str, Any],
    size: int,
) -> None:
    import pandas as pd

    monkeypatch.setattr(contents, "PIECE_BYTES", size)
    with warnings.catch_warnings(category=pd.errors.ParserWarning, action="ignore"):  # of delimiters at a line's end
        frame = pd.read_csv(io.BytesIO(content), dtype=str, na_filter=False, **options)
    frame = frame[["".join(row).strip() != "" for row in frame.values]]
    assert read(tmp_path, content, csv=Csv.model_validate(csv)) == (frame.columns.tolist(), frame.values.tolist())


@pytest.mark.parametrize("number", range(len(SAME)), ids=[case[0] for case in SAME])
def test_the_program_on_a_model_card_reads_a_form_as_prepare_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    import pandas as pd

    _, content, csv, _ = SAME[number]
    (tmp_path / "rows.csv").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    spec = stage_input(dataset={"csv": csv}).spec
    names: dict[str, Any] = {}
    exec(f"import pandas as pd\n{reading_code(spec)}", names)
    raw = names["raw"]
    assert isinstance(raw, pd.DataFrame)
    assert (raw.columns.tolist(), raw.values.tolist()) == read(tmp_path, content, csv=spec.dataset.csv)


def test_a_name_of_white_space_is_no_name(tmp_path: Path) -> None:
    assert read(tmp_path, b'" ",a\t,y\n0,1,2\n', csv=Csv.model_validate(DROP)) == (["a", "y"], [["1", "2"]])
    names, _ = read(tmp_path, b'" ",a,y\n0,1,2\n', csv=Csv.model_validate(NAME))
    assert names == ["Unnamed: 0", "a", "y"]


#: What is wrong, content, spec.dataset.csv, words of the message, spec.dataset.csv that it advises, the columns then.
ADVICE: list[tuple[str, bytes, dict[str, Any], str, dict[str, Any], list[str]]] = [
    ("an index", b",a,y\n0,1,2\n", {}, "column 1 has no name in the header; leave it out with csv.unnamedColumns: Drop",
     DROP, ["a", "y"]),
    ("a delimiter at the end of rows", b"a,y\n1,2,\n3,4,\n", {}, "rows have 3 fields and the header 2; where lines end "
     "in a delimiter, or rows have names that the header leaves out, set csv.unnamedColumns: Drop", DROP, ["a", "y"]),
    ("a delimiter at the end of the header", b"a,y,\n1,2\n3,4\n", {}, "set csv.unnamedColumns: Drop", DROP, ["a", "y"]),
    ("a delimiter at the end without header", b"1,2,\n3,4,\n", {"header": False, "columnNames": ["a", "y"]},
     "Where every line ends in a delimiter, set csv.unnamedColumns: Drop",
     {"header": False, "columnNames": ["a", "y"], **DROP}, ["a", "y"]),
    ("semicolons", b"a;y\n1,5;2\n", {}, 'did you mean csv.delimiter: ";"?', {"delimiter": ";"}, ["a", "y"]),
    ("tabs", b"a\ty\n1,5\t2\n", {}, r'did you mean csv.delimiter: "\t"?', {"delimiter": "\t"}, ["a", "y"]),
    ("blanks", b"a  y\n1,5 2\n", {}, "did you mean csv.delimiter: Whitespace?", BLANKS, ["a", "y"]),
    ("two columns of one name", b"a,a,y\n1,2,3\n", {}, "csv.header: false, csv.skipLines: 1 and csv.columnNames",
     {"header": False, "skipLines": 1, "columnNames": ["a", "a.1", "y"]}, ["a", "a.1", "y"]),
    ("Excel's own line", b"sep=;\na;y\n1;2\n", {}, 'set csv.skipLines: 1 and csv.delimiter: ";"',
     {"skipLines": 1, "delimiter": ";"}, ["a", "y"]),
    ("Excel's own line below others", b'x\n"sep=\t"\na\ty\n1\t2\n', {"skipLines": 1},
     r'set csv.skipLines: 2 and csv.delimiter: "\t"', {"skipLines": 2, "delimiter": "\t"}, ["a", "y"]),
    ("Windows-1252", b"a,y\n1,2\n5\x80,3\n", {}, 'line 3: byte 0x80 is not UTF-8 but "€" in Windows-1252; set '
     "csv.encoding: Windows1252", {"encoding": "Windows1252"}, ["a", "y"]),
    ("Latin-1", b"a,y\nM\xfcller,3\n", {}, 'byte 0xfc is not UTF-8 but "ü" in Windows-1252 and Latin-1; set '
     "csv.encoding: Windows1252", {"encoding": "Windows1252"}, ["a", "y"]),
    ("Windows-1252 taken for Latin-1", b"a,y\n\x93x\x94,3\n", {"encoding": "Latin1"}, "set csv.encoding: Windows1252",
     {"encoding": "Windows1252"}, ["a", "y"]),
    ("UTF-16", "a,y\n1,2\n".encode("utf-16"), {}, "set csv.encoding: UTF16", {"encoding": "UTF16"}, ["a", "y"]),
    ("UTF-8 taken for Windows-1252", codecs.BOM_UTF8 + b"a,y\n1,2\n", {"encoding": "Windows1252"},
     "leave csv.encoding: Windows1252 out", {}, ["a", "y"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "csv", "words", "advised", "names"), [case[1:] for case in ADVICE], ids=[case[0] for case in ADVICE]
)
def test_what_is_refused_tells_an_advice_that_works(
    tmp_path: Path, content: bytes, csv: dict[str, Any], words: str, advised: dict[str, Any], names: list[str]
) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, content, csv=Csv.model_validate(csv))
    assert words in caught.value.problems[0]
    assert read(tmp_path, content, csv=Csv.model_validate(advised))[0] == names


@pytest.mark.parametrize(
    ("content", "csv", "words"),
    [
        (b"a,y\n1,2,\n3,4,5\n", DROP, 'one has "5" after it'),
        (b"# x\n\nReport\na,y\n1\n", {"skipLines": 3, "comment": "#"}, "line 5: 1 fields; expected 2"),
        (b"# x\na y\n1 2 3\n", {**BLANKS, "comment": "#"}, "line 3: 3 fields; expected 2"),
        (b"a,y\n1,2\n", {"skipLines": 9}, "only blank lines"),
        (b"a,y\n1,\x81\n", {"encoding": "Windows1252"}, "line 2: byte 0x81 is no character of Windows-1252; convert"),
        (b"a,y\n1,\x81\n", {}, "line 2: byte 0x81 is not UTF-8; convert the file to UTF-8"),
        ("a,y\nä,2\n".encode() + b"\xff,3\n", {}, "line 3: byte 0xff is not UTF-8, but text before it is; correct"),
    ],
)
def test_what_no_option_can_read_is_named_by_its_line_in_the_file(
    tmp_path: Path, content: bytes, csv: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, content, csv=Csv.model_validate(csv))
    assert words in str(caught.value)
