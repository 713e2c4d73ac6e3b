"""JSON lines as tables: an object is a row, of texts; numbers as they are spelled."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn

from gridfold.api.validation import show
from gridfold_trainer.data.contents import one_line
from gridfold_trainer.data.encodings import not_utf8
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.errors import UnreadableTableError

_NUL = "\0"


def json_frames(file: Fetched, pieces: Iterable[bytes]) -> Iterator[Any]:
    """Yield objects as rows of texts: numbers as they are spelled, true and false as 1 and 0, null as missing."""
    import polars as pl

    names: dict[str, None] = {}  #: in the order of the first object
    line = 1
    rest = b""
    for piece in chain(pieces, [b""]):
        whole, newline, rest = (rest + piece).rpartition(b"\n") if piece else (rest, b"", b"")
        text = _decoded(whole + newline, file.uri, line)
        rows: list[Sequence[str | None]] = []
        for number, found in enumerate(text.split("\n"), line):
            if found.strip():
                pairs = _object(found, file.uri, number)
                names = names or dict.fromkeys(name for name, _ in pairs)
                rows.append(_row(pairs, names, f"{file.uri}, line {number}"))
        line += text.count("\n")
        if rows:
            columns = list(zip(*rows, strict=True))
            schema = dict.fromkeys(names, pl.String)
            yield pl.DataFrame(dict(zip(names, columns, strict=True)), schema=schema)
    if not names:
        raise UnreadableTableError(f"{file.uri} has no object, only blank lines; expected JSON lines.")


def _decoded(content: bytes, source: str, line: int) -> str:
    try:
        return content.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        line += content.count(b"\n", 0, error.start)
        what = not_utf8(content, error.start, option=False)
        raise UnreadableTableError(f"{source}, line {line}: {what}.") from error


class _NoNumberError(ValueError):
    """NaN or Infinity, which Python reads and JSON does not have."""


def _refuse(constant: str) -> NoReturn:
    raise _NoNumberError(f"{constant} is no number of JSON; write null for no value.")


#: Numbers as they are spelled; objects as tuples of their members, names that are there twice included.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_float=str, parse_int=str, parse_constant=_refuse)
_Pairs = tuple[tuple[str, Any], ...]
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  #: the only way to write half a character


def _object(text: str, source: str, line: int) -> _Pairs:
    try:
        found: Any = _DECODER.decode(text)
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except _NoNumberError as error:
        raise UnreadableTableError(f"{source}, line {line}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableTableError(
            f"{source}, line {line}: no JSON object ({one_line(error)}); expected one object a line."
        ) from error
    if not isinstance(found, tuple):
        raise UnreadableTableError(f"{source}, line {line}: {text[:64]} is no JSON object; expected one a line.")
    if not found:
        raise UnreadableTableError(f"{source}, line {line}: an object without any name; expected columns.")
    return found


def _row(pairs: _Pairs, names: dict[str, None], where: str) -> Sequence[str | None]:
    found = dict(pairs)
    if len(found) < len(pairs) or found.keys() != names.keys():
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        if twice:
            raise UnreadableTableError(f"{where}: the object has {show(twice[0])} more than once.")
        missing = [name for name in names if name not in found]
        extra = [name for name in found if name not in names]
        difference = [f"lacks {', '.join(missing[:10])}"] if missing else []
        difference += [f"has {', '.join(extra[:10])} beside them"] if extra else []
        raise UnreadableTableError(
            f"{where}: the object does not have the names of the first one: it {' and '.join(difference)}; write null "
            f"for no value."
        )
    plain = (str, type(None))
    return [v if type(v := found[name]) in plain and _NUL not in (v or "") else _text(v, name, where) for name in names]


def _text(value: Any, name: str, where: str) -> str | None:
    if isinstance(value, str):
        if _NUL in value:
            raise UnreadableTableError(f"{where}: {name} has a NUL character, which text does not have.")
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if value is None:
        return None
    kind = "an object" if isinstance(value, tuple) else "a list"
    raise UnreadableTableError(
        f"{where}: {name} is {kind}; a column takes numbers, texts, true, false and null. Flatten the data before."
    )
