"""JSON lines, and lists of JSON objects, as tables: an object is a row, of texts; numbers as they are spelled."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn

from gridfold.api.validation import show
from gridfold_trainer.data.contents import one_line
from gridfold_trainer.data.encodings import not_utf8
from gridfold_trainer.data.object_names import ObjectNames
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.data.value_kinds import Number, ValueKinds
from gridfold_trainer.errors import UnreadableTableError

_NUL = "\0"
_EXPECTED = (
    'one object a line, or one list of objects; pandas writes that with df.to_json(path, orient="records", lines=True)'
)
_OBJECT_BYTES = 64 * 1024 * 1024  #: of an object in a list: more are no object but a bracket that never closes
_BETWEEN = re.compile(r"[ \t\r\n]*")


class _NoNumberError(ValueError):
    """NaN or Infinity, which Python reads and JSON does not have."""


def _refuse(constant: str) -> NoReturn:
    raise _NoNumberError(f"{constant} is no number of JSON; write null for no value.")


#: Numbers as they are spelled; objects as tuples of their members, names that are there twice included.
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_float=str, parse_int=str, parse_constant=_refuse)
_NUMBERS = json.JSONDecoder(object_pairs_hook=tuple, parse_float=Number, parse_int=Number, parse_constant=_refuse)
_Pairs = tuple[tuple[str, Any], ...]
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  #: the only way to write half a character


def json_frames(file: Fetched, pieces: Iterator[bytes], names: ObjectNames, kinds: ValueKinds) -> Iterator[Any]:
    """Yield objects as rows of texts: numbers as they are spelled, true and false as 1 and 0, null as missing.

    Lists and objects in excluded columns are not read: they come as missing.

    Raises:
        NewNamesError: an object has a name that none before it had, and not all are known yet.
        UnreadableTableError: it is no JSON, or has values that no column can have.
    """
    import polars as pl

    empty = True
    for objects in _objects(file, pieces, _NUMBERS if kinds.keeps_numbers else _DECODER):
        if objects and empty:
            _check_orient(objects[0][1], file.uri)
            empty = False
        rows = [_row(pairs, names, kinds, f"{file.uri}, line {line}") for line, pairs in objects]
        if rows:
            columns = list(zip(*rows, strict=True))
            schema = dict.fromkeys(names.all, pl.String)
            yield pl.DataFrame(dict(zip(names.all, columns, strict=True)), schema=schema)
    if empty:
        raise UnreadableTableError(f"{file.uri} has no object, only blank lines; expected {_EXPECTED}.")


def note_names(file: Fetched, pieces: Iterator[bytes], names: ObjectNames) -> None:
    """Add the names of a file's objects to those that are known, as far as it can be read."""
    try:
        for objects in _objects(file, pieces):
            for line, pairs in objects:
                names.note((name for name, _ in pairs), f"{file.uri}, line {line}")
    except UnreadableTableError:
        return  # which is told when it is read for its rows


def _objects(
    file: Fetched, pieces: Iterator[bytes], decoder: json.JSONDecoder = _DECODER
) -> Iterator[list[tuple[int, _Pairs]]]:
    """Yield the objects of each piece, with the lines on which they begin."""
    begin = b""
    for piece in pieces:
        begin += piece
        if begin.removeprefix(codecs.BOM_UTF8).strip():
            break
    pieces = chain([begin], pieces)
    is_list = begin.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    yield from (_list_objects if is_list else _line_objects)(file.uri, pieces, decoder)


def _line_objects(
    source: str, pieces: Iterable[bytes], decoder: json.JSONDecoder
) -> Iterator[list[tuple[int, _Pairs]]]:
    line = 1
    rest = b""
    for piece in chain(pieces, [b""]):
        whole, newline, rest = (rest + piece).rpartition(b"\n") if piece else (rest, b"", b"")
        text = _decoded(whole + newline, source, line)
        lines = [(number, found) for number, found in enumerate(text.split("\n"), line) if found.strip()]
        yield [(number, _object(found, source, number, decoder)) for number, found in lines]
        line += text.count("\n")


def _list_objects(
    source: str, pieces: Iterable[bytes], numbers: json.JSONDecoder
) -> Iterator[list[tuple[int, _Pairs]]]:
    """Yield the objects of one list, as soon as each has come as a whole."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    found = _List(source, numbers)
    for piece in pieces:
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            line = found.line + found.text.count("\n") + piece.count(b"\n", 0, error.start)
            what = not_utf8(error.object, error.start, option=False)
            raise UnreadableTableError(f"{source}, line {line}: {what}.") from error
        yield found.take(text, final=False)
    yield found.take("", final=True)


class _List:
    """A list of objects in the making."""

    def __init__(self, source: str, decoder: json.JSONDecoder) -> None:
        self._decoder = decoder
        self._source, self.text, self.line = source, "", 1  #: what has not been taken yet, and its line in the file
        self._expected = "["  #: what comes next
        self._done = False

    def take(self, text: str, *, final: bool) -> list[tuple[int, _Pairs]]:
        """Return the objects that are whole, now that this text has come."""
        self.text += text
        objects: list[tuple[int, _Pairs]] = []
        position = self._after_white(0)
        while position < len(self.text):
            if self._done:
                raise self._problem(position, "text behind the list")
            character = self.text[position]
            if character == "]" and self._expected != "[":
                self._done, position = True, self._after_white(position + 1)
            elif self._expected:
                if character != self._expected:
                    raise self._problem(position, f"{show(character)} where {show(self._expected)} should be")
                self._expected, position = "", self._after_white(position + 1)
            else:
                end = self._object_end(position, objects, final=final)
                if end is None:
                    break
                self._expected, position = ",", self._after_white(end)
        self.line += self.text.count("\n", 0, position)
        self.text = self.text[position:]
        if final and not self._done:
            raise self._problem(len(self.text), "the list has no end")
        return objects

    def _object_end(self, position: int, objects: list[tuple[int, _Pairs]], *, final: bool) -> int | None:
        """Add the object at a position; return its end, or None where more must come first."""
        line = self.line + self.text.count("\n", 0, position)
        try:
            end = self._decoder.raw_decode(self.text, position)[1]
        except json.JSONDecodeError:
            if not final and len(self.text) - position < _OBJECT_BYTES:
                return None
            end = len(self.text)
        except (ValueError, RecursionError):
            end = len(self.text)  # what is wrong is said when it is looked at alone
        objects.append((line, _object(self.text[position:end], self._source, line, self._decoder)))
        return end

    def _after_white(self, position: int) -> int:
        found = _BETWEEN.match(self.text, position)
        return found.end() if found else position

    def _problem(self, position: int, what: str) -> UnreadableTableError:
        line = self.line + self.text.count("\n", 0, position)
        return UnreadableTableError(f"{self._source}, line {line}: {what}; expected {_EXPECTED}.")


def _decoded(content: bytes, source: str, line: int) -> str:
    try:
        return content.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        line += content.count(b"\n", 0, error.start)
        what = not_utf8(content, error.start, option=False)
        raise UnreadableTableError(f"{source}, line {line}: {what}.") from error


def _object(text: str, source: str, line: int, decoder: json.JSONDecoder) -> _Pairs:
    try:
        found: Any = decoder.decode(text)
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except _NoNumberError as error:
        raise UnreadableTableError(f"{source}, line {line}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableTableError(
            f"{source}, line {line}: no JSON object ({one_line(error)}); expected {_EXPECTED}."
        ) from error
    if not isinstance(found, tuple):
        raise UnreadableTableError(f"{source}, line {line}: {text[:64]} is no JSON object; expected {_EXPECTED}.")
    return found


def _check_orient(pairs: _Pairs, source: str) -> None:
    """Refuse what pandas writes by default: one object of columns in place of one for each row."""
    if pairs and all(isinstance(value, tuple | list) for _, value in pairs):
        raise UnreadableTableError(
            f"{source}: the first object has no value but lists and objects ({show(pairs[0][0])} …); expected "
            f"{_EXPECTED}."
        )


def _row(pairs: _Pairs, names: ObjectNames, kinds: ValueKinds, where: str) -> Sequence[str | None]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        raise UnreadableTableError(f"{where}: the object has {show(twice[0])} more than once.")
    names.take(found, where)
    plain = (str, type(None))
    return [
        v if type(v := found.get(name)) in plain and _NUL not in (v or "") else _text(v, name, where, kinds)
        for name in names.all
    ]


def _text(value: Any, name: str, where: str, kinds: ValueKinds) -> str | None:
    if isinstance(value, Number):
        return value.replace(".", kinds.decimal(name))
    if isinstance(value, str):
        if _NUL in value:
            raise UnreadableTableError(f"{where}: {name} has a NUL character, which text does not have.")
        return value
    if isinstance(value, bool):
        kinds.note_boolean(name, where)
        return "1" if value else "0"
    if value is None or name in kinds.excluded:
        return None
    kind = "an object" if isinstance(value, tuple) else "a list"
    raise UnreadableTableError(
        f"{where}: {name} is {kind}; a column takes numbers, texts, true, false and null. Flatten it before, or "
        f"exclude the column."
    )
