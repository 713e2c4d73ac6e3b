"""CSV files as one table of texts, nothing guessed: what an empty field or a number means is decided later."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gridfold.api.v1alpha1 import Csv
from gridfold.api.validation import show
from gridfold_trainer.csv_scan import PIECE_BYTES, Layout, scan
from gridfold_trainer.errors import DataError, UnreadableTableError
from gridfold_trainer.local_files import room_for
from gridfold_trainer.sources import Fetched

COLUMN_LIMIT = 10_000  # as spec.dataset.csv.columnNames
NAME_CHARACTERS = 256
#: What Python's str.strip removes; polars' own set lacks the four separators from 0x1c on.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def read_tables(files: Sequence[Fetched], csv: Csv, scratch: Path, *, trim: bool) -> Any:
    """Return all files as one polars DataFrame of texts, one below the other, columns in the first one's order.

    An empty field is an empty text here. Files that are copies of ours are removed as soon as they are read.

    Raises:
        UnreadableTableError: files that are no CSV, or have other columns than the first.
    """
    import polars as pl

    delimiter = _delimiter(csv)
    frames: list[Any] = []
    problems: list[str] = []
    for file in files:
        try:
            layout = scan(file.path, file.uri, delimiter)
            names = _names(layout, csv, file.uri, trim=trim)
            if frames:
                _check_same(frames[0].columns, names, files[0].uri, file.uri)
            frame = _read(file, layout, names, csv, scratch)
            frames.append(frame.select(frames[0].columns) if frames else frame)
        except DataError as error:
            problems += error.problems
        if file.fetched:
            file.path.unlink()
    if problems:
        raise UnreadableTableError(*problems)
    return pl.concat(frames, how="vertical")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known, or where there is nothing similar, the names (some of them)."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    near = near or [other for other in names if other.casefold().strip() == name.casefold().strip()][:1]
    if near:
        return f"did you mean {show(near[0])}?"
    shown = ", ".join(names[:20])
    return f"the columns are {shown}{f' and {len(names) - 20} more' if len(names) > 20 else ''}."


def _delimiter(csv: Csv) -> str:
    delimiter = csv.delimiter
    if not delimiter.isascii() or delimiter in '"\r\n\0':
        raise UnreadableTableError(
            f"spec.dataset.csv.delimiter is {show(delimiter)}; expected one ASCII character that is neither a quote "
            f"nor a line end."
        )
    return delimiter


def _names(layout: Layout, csv: Csv, source: str, *, trim: bool) -> list[str]:
    """Return the names of a file's columns."""
    if csv.column_names is not None:
        if len(csv.column_names) != len(layout.first):
            raise UnreadableTableError(
                f"{source} has {len(layout.first)} fields a record, but spec.dataset.csv.columnNames names "
                f"{len(csv.column_names)} columns; the first record is {show(list(layout.first))}."
            )
        names = list(csv.column_names)
    else:
        names = [name.strip() if trim else name for name in layout.first]
    problems = [f"{source}: {problem}" for problem in _name_problems(names)]
    if problems:
        raise UnreadableTableError(*problems)
    return names


def _name_problems(names: list[str]) -> list[str]:
    repeated = [show(name) for name, count in Counter(names).items() if count > 1 and name]
    nameless = [str(number) for number, name in enumerate(names, 1) if not name]
    problems = []
    if repeated:
        problems.append(f"{', '.join(repeated[:10])} names more than one column; rename all but one.")
    if nameless:
        problems.append(
            f"column {', '.join(nameless[:10])} has no name in the header; name it, or if the file has no header, set "
            f"csv.header: false and csv.columnNames."
        )
    problems += [
        f"the name {show(n)} has more than {NAME_CHARACTERS} characters." for n in names if len(n) > NAME_CHARACTERS
    ][:5]
    if len(names) > COLUMN_LIMIT:
        problems.append(f"it has {len(names)} columns; at most {COLUMN_LIMIT} are read.")
    return problems


def _check_same(expected: Sequence[str], names: Sequence[str], first: str, source: str) -> None:
    """Compare the columns of a file with those of the first one; their order may differ."""
    missing = [name for name in expected if name not in set(names)]
    extra = [name for name in names if name not in set(expected)]
    if missing or extra:
        difference = [f"lacks {', '.join(missing[:10])}"] if missing else []
        difference += [f"has {', '.join(extra[:10])} beside them"] if extra else []
        raise UnreadableTableError(
            f"{source} does not have the columns of {first}: it {' and '.join(difference)}; all sources must have the "
            f"same columns."
        )


def _read(file: Fetched, layout: Layout, names: list[str], csv: Csv, scratch: Path) -> Any:
    """Return a file that has been looked at as a DataFrame."""
    import polars as pl

    path = _without_blanks(file.path, layout, scratch) if layout.blanks else file.path
    try:
        frame = pl.read_csv(
            path,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=csv.delimiter,
            infer_schema=False,
            empty_string_is_null=False,
            missing_columns="raise",
            extra_columns="raise",
            glob=False,
        )
    except pl.exceptions.PolarsError as error:
        raise UnreadableTableError(f"{file.uri} cannot be read as CSV: {str(error).splitlines()[0]}") from error
    finally:
        if path != file.path:
            path.unlink()
    if frame.height != layout.records:
        raise UnreadableTableError(
            f"{file.uri} has {layout.records} records, but polars reads {frame.height}; please report this file."
        )
    return frame.slice(1) if csv.header else frame


def _without_blanks(path: Path, layout: Layout, scratch: Path) -> Path:
    """Return a copy of the file without its blank lines, which polars takes for rows."""
    target = scratch / f"{path.name}.lines"
    size = path.stat().st_size
    kept = zip([0, *(end for _, end in layout.blanks)], [*(start for start, _ in layout.blanks), size], strict=True)
    with path.open("rb") as source, room_for(target), target.open("wb") as out:
        for start, stop in kept:
            source.seek(start)
            for at in range(start, stop, PIECE_BYTES):
                out.write(source.read(min(PIECE_BYTES, stop - at)))
    return target
