"""Reading CSV: what is well-formed is read as Python's csv module reads it, everything else is refused by line."""

import csv as python_csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridfold.api.v1alpha1 import Csv, Dataset, Source
from gridfold_trainer.data import contents
from gridfold_trainer.data.column_names import check_names
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.tables import WHITE_SPACE, read_tables
from gridfold_trainer.errors import DataError, UnreadableTableError

pytestmark = pytest.mark.usefixtures("frames")

Rows = list[list[str]]


def read(folder: Path, *files: bytes, csv: Csv | None = None, trim: bool = True) -> tuple[list[str], Rows]:
    import polars as pl

    fetched = []
    for number, content in enumerate(files, 1):
        path = folder / f"{number}.csv"
        path.write_bytes(content)
        fetched.append(Fetched(f"s3://b/{number}.csv", path, "", fetched=False))
    dataset = Dataset(sources=[Source(uri="s3://b/k")], target="y", csv=csv or Csv())
    pieces = list(read_tables(fetched, dataset, 2**40, trim=trim))
    numbers = [int(number) for piece in pieces for number in piece.row_numbers]
    frame = pl.concat([piece.frame for piece in pieces])
    assert numbers == list(range(1, frame.height + 1))
    return frame.columns, [list(row) for row in frame.rows()]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [["1", "2"]]),
        (b"a,b\n1,2", [["1", "2"]]),
        (b"a,b\r\n1,2\r\n", [["1", "2"]]),
        (b"a,b\n,\n", [["", ""]]),
        (b'a,b\n"",\n', [["", ""]]),
        (b'a,b\n"x,1","say ""hi"""\n', [["x,1", 'say "hi"']]),
        (b'a,b\n"two\nlines",2\r\n', [["two\nlines", "2"]]),
        (b'"a","b"\n"1","2"', [["1", "2"]]),
        (b"\n\na,b\n\n1,2\n  \n3,4\n\n\n", [["1", "2"], ["3", "4"]]),
        (b"a,b\r\n\r\n1,2\r\n\r\n", [["1", "2"]]),
        (b'a,b\n"\n\n",2\n\n', [["\n\n", "2"]]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [["1", "2"]]),
        (b'\xef\xbb\xbf"a",b\n1,2\n', [["1", "2"]]),
        (b"a , b\n 1,2 \n", [[" 1", "2 "]]),
        ("a,b\ngrün,日本\n".encode(), [["grün", "日本"]]),
        (b"a,b\n#1,2\n", [["#1", "2"]]),
        (b'a,b\n"",""\n', [["", ""]]),
        (b'a,b\n"""",""""""\n', [['"', '""']]),
    ],
)
def test_a_well_formed_file_is_read_field_by_field_without_guessing(tmp_path: Path, content: bytes, rows: Rows) -> None:
    assert read(tmp_path, content) == (["a", "b"], rows)


@pytest.mark.parametrize(("content", "rows"), [(b"a\n1\n\n2\n", ["1", "2"]), (b'a\n""\n \n2\n', ["", "2"])])
def test_in_a_file_of_one_column_a_blank_line_is_no_row_but_a_quoted_empty_field_is(
    tmp_path: Path, content: bytes, rows: list[str]
) -> None:
    assert read(tmp_path, content) == (["a"], [[row] for row in rows])


def test_a_line_of_delimiters_is_a_row_even_where_the_delimiter_is_white(tmp_path: Path) -> None:
    assert read(tmp_path, b"a\tb\n\t\n1\t2\n", csv=Csv(delimiter="\t")) == (["a", "b"], [["", ""], ["1", "2"]])


def test_names_are_trimmed_with_the_fields_and_kept_as_they_are_without(tmp_path: Path) -> None:
    assert read(tmp_path, b" a, b \n1,2\n")[0] == ["a", "b"]
    assert read(tmp_path, b" a, b \n1,2\n", trim=False)[0] == [" a", " b "]


def test_without_a_header_the_first_record_is_a_row(tmp_path: Path) -> None:
    headless = Csv(header=False, column_names=["x", "y"])
    assert read(tmp_path, b"1,2\n3,4\n", csv=headless) == (["x", "y"], [["1", "2"], ["3", "4"]])


HOSTILE = [
    ("an empty file", b"", "is empty"),
    ("blank lines only", b"\n \n\r\n", "only blank lines"),
    ("a short row", b"a,b,c\n1,2,3\n1,2\n", "line 3: 2 fields; expected 3"),
    ("a long row", b"a,b\n1,2\n\n1,2,3\n", "line 4: 3 fields; expected 2"),
    ("a short row after a field of two lines", b'a,b\n"x\ny",1\n1\n', "line 4: 1 fields"),
    ("a short last row without line end", b"a,b\n1", "line 2: 1 fields"),
    ("a row of another delimiter", b"a,b\n1;2\n", "line 2: 1 fields"),
    ("a name twice", b"a,b,a\n1,2,3\n", '"a" names more than one column'),
    ("a name twice after trimming", b"a, a\n1,2\n", '"a" names more than one column'),
    ("a column without a name", b"a,,c\n1,2,3\n", "column 2 has no name"),
    ("a trailing delimiter in the header", b"a,b,\n1,2,\n", "column 3 has no name"),
    ("a name of 300 characters", b"a" * 300 + b"\n1\n", "more than 256 characters"),
    ("NUL bytes", b"a,b\n1,\x002\n", "line 2: a NUL byte"),
    ("UTF-16", "a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    ("UTF-16 without a mark", "a,b\n1,2\n".encode("utf-16-le"), "NUL byte"),
    ("Latin-1", "a,b\n1,2\nx,grün\n".encode("latin-1"), "line 3: byte 0xfc is not UTF-8"),
    ("half a character at the end", "a,b\n1,é".encode()[:-1], "line 2: byte 0xc3 is not UTF-8"),
    ("a character written too long", b"a,b\n1,\xc0\xaf\n", "line 2: byte 0xc0 is not UTF-8"),
    ("gzip", b"\x1f\x8b\x08\x00" + b"\x00" * 20, "gzip"),
    ("Parquet", b"PAR1" + b"\x15\x04" * 20, "Parquet"),
    ("Excel", b"PK\x03\x04" + b"\x14\x00" * 20, "ZIP (or Excel)"),
    ("a quote that never closes", b'a,b\n1,2\n"x,3\n4,5\n', "line 3: a field that begins with a quote"),
    ("a quote that closes in mid-field", b'a,b\n"x"y,2\n', "line 2: a quote"),
    ("a quote inside a bare field", b'a,b\n5" pipe,2\n', "line 2: a quote"),
    ("two quotes inside a bare field", b'a,b\nx""y,2\n', "line 2: a quote"),
    ("a space before a quoted field", b'a,b\n1, "2"\n', "line 2: a quote"),
    ("a lone carriage return within a row", b"a,b\n1,2\r3\n", "line 2: a carriage return"),
    ("HTML", b"<html>\n<body>Sign in, please</body>\n", "line 2: 2 fields; expected 1"),
]


@pytest.mark.parametrize(("content", "words"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_what_is_no_well_formed_table_is_refused_with_source_line_and_reason(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, content)
    assert words in str(caught.value)
    assert "s3://b/1.csv" in str(caught.value)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
@pytest.mark.parametrize(("content", "words"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_the_look_at_a_file_does_not_depend_on_where_its_pieces_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str, size: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", size)
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, content)
    assert words in str(caught.value)


def test_at_most_five_lines_are_named_and_none_twice(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, b"a,b\n" + b"1\n" * 1000)
    assert [problem.split(":")[1] for problem in caught.value.problems] == [
        f"//b/1.csv, line {line}" for line in range(2, 7)
    ]


def test_a_hundred_thousand_columns_are_named_and_one_more_is_refused(tmp_path: Path) -> None:
    wide = ",".join(f"c{number}" for number in range(100_000))
    with pytest.raises(UnreadableTableError, match="it has 100001 columns; at most 100000 are read"):
        read(tmp_path, f"{wide},more\n{',' * 100_000}\n".encode())
    check_names(wide.split(","), "s3://b/1.csv")


@pytest.mark.parametrize("width", [2, 255, 256, 257, 258, 513, 600])
@pytest.mark.parametrize("more", [256, -256, 512])
def test_rows_of_256_fields_more_or_fewer_are_refused_however_they_add_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, more: int
) -> None:
    """Delimiters are counted modulo powers of two, and within quotes they do not count."""
    monkeypatch.setattr(contents, "PIECE_BYTES", 40_000)
    names = ",".join(f"c{number}" for number in range(width))
    row, quoted = "1" + ",1" * (width - 1), '"' + "," * 256 + '"' + ",1" * (width - 1)
    whole = [names, row, quoted] + [row, row, quoted] * 19
    other = ",".join("1" * max(1, width + more))
    balance = [",".join("1" * (width - more))] if width - more > 0 else []
    assert len(read(tmp_path, "\n".join([*whole, *[quoted, row] * 50]).encode())[1]) == len(whole) + 99
    with pytest.raises(UnreadableTableError, match=f"line {len(whole) + 52}: {other.count('1')} fields; .* {width}"):
        read(tmp_path, "\n".join([*whole, *[quoted] * 51, other, *balance, *[row] * 50]).encode())


def test_a_field_of_fifty_megabytes_is_read(tmp_path: Path) -> None:
    size = 50_000_000
    _, rows = read(tmp_path, b'a,b\n"' + (b"," * 9_999 + b"\n") * (size // 10_000) + b'",2\n')
    assert (len(rows[0][0]), rows[0][1]) == (size, "2")


def test_column_names_that_do_not_fit_the_file_are_refused_with_its_first_record(tmp_path: Path) -> None:
    headless = Csv(header=False, column_names=["x", "y"])
    with pytest.raises(UnreadableTableError, match=r'3 fields a record.* names 2 columns.*\["1", "2", "3"\]'):
        read(tmp_path, b"1,2,3\n", csv=headless)


def test_several_sources_are_put_one_below_the_other_with_columns_matched_by_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n1,2\n", b"b,a\n4,3\n", b"a,b\n") == (["a", "b"], [["1", "2"], ["3", "4"]])


def test_sources_of_other_columns_are_refused_with_the_difference_of_each(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, b"a,b\n1,2\n", b"a,c\n1,2\n", b"a,b,d\n1,2,3\n")
    second, third = caught.value.problems
    assert second.endswith("s3://b/1.csv, in any order, or be left out: it lacks b and has c beside them.")
    assert (
        "s3://b/3.csv must have the columns of s3://b/1.csv, in any order, or be left out: it has d beside them"
        in third
    )


def test_white_space_is_what_python_strips() -> None:
    assert sorted(WHITE_SPACE) == [chr(code) for code in range(0x110000) if chr(code).isspace()]


fields = st.text(alphabet=st.sampled_from(list('ab,;"\n\r\t é1.#日')), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=8)
    ),
    quote_all=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    piece=st.sampled_from([1, 2, 3, 5, 64]),
)
@example(rows=[['"'], ['""']], quote_all=False, line_end="\n", piece=1)
def test_whatever_pythons_csv_module_writes_is_read_back_as_it_reads_it(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, quote_all: bool, line_end: str, piece: int
) -> None:
    text = io.StringIO(newline="")
    quote_all |= any("\r" in field for row in rows for field in row)  # the csv module forgets the quotes there
    quoting = python_csv.QUOTE_ALL if quote_all else python_csv.QUOTE_MINIMAL
    writer = python_csv.writer(text, quoting=quoting, lineterminator=line_end)
    names = [f"c{number}" for number in range(len(rows[0]))]
    writer.writerows([names, *rows])
    blank = [] if quote_all or len(names) > 1 else [[field] for [field] in rows if field and not field.strip(" \t")]
    expected = [row for row in rows if row not in blank]
    folder = tmp_path_factory.mktemp("csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "PIECE_BYTES", piece)
        found = read(folder, text.getvalue().encode(), trim=False)
    assert found == (names, expected)


def test_a_broken_row_far_behind_the_first_block_is_named_by_its_line(tmp_path: Path) -> None:
    lines = [b'a,b,"c,d"'] + [b'1,"x,y",3'] * 300_000
    lines[250_000] = b'1,"x,y,3'
    with pytest.raises(UnreadableTableError, match="line 250002: a quote"):
        read(tmp_path, b"\n".join(lines))
    lines[250_000] = b"1,x,y,3"
    with pytest.raises(UnreadableTableError, match="line 250001: 4 fields; expected 3"):
        read(tmp_path, b"\n".join(lines))


@settings(max_examples=200, deadline=None)
@given(
    widths=st.lists(st.sampled_from([1, 2, 3, 3, 3, 3, 4, 5]), min_size=1, max_size=30),
    blanks=st.sets(st.integers(0, 29)),
    quoted=st.sampled_from(["1", '"a,b"', '""', "x"]),
    piece=st.sampled_from([8, 40, 200, 2**20]),
)
@example(widths=[3] * 12 + [2, 4] + [3] * 12, blanks={3}, quoted='"a,b"', piece=40)
def test_rows_of_the_wrong_width_are_named_by_line_even_where_they_make_up_for_each_other(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], blanks: set[int], quoted: str, piece: int
) -> None:
    lines, wrong = ["a,b,c"], []
    for number, width in enumerate(widths):
        lines += [""] if number in blanks else []
        lines.append(",".join([quoted, *["1"] * (width - 1)]))
        wrong += [] if width == 3 else [(len(lines), width)]
    folder = tmp_path_factory.mktemp("csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "PIECE_BYTES", piece)
        if not wrong:
            assert len(read(folder, "\n".join(lines).encode())[1]) == len(widths)
            return
        with pytest.raises(UnreadableTableError) as caught:
            read(folder, "\n".join(lines).encode())
    told = [f"s3://b/1.csv, line {line}: {width} fields; expected 3, as in the first record." for line, width in wrong]
    found = [problem for problem in caught.value.problems if "unnamedColumns" not in problem]
    assert found == told[: len(found)]


@pytest.mark.parametrize("line", [5, 250_000])
def test_a_file_in_which_something_is_wrong_is_closed_at_once(tmp_path: Path, line: int) -> None:
    lines = [b"a,b,c"] + [b"1,2,3"] * 300_000
    lines[line] = b"1,2"
    with pytest.raises(UnreadableTableError) as caught:
        read(tmp_path, b"\n".join(lines))
    open_files = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.exists()]
    assert tmp_path / "1.csv" not in open_files
    assert caught.traceback  # whose frames hold everything that was under way
