"""Text in other encodings than UTF-8: read as what the spec says, or told what it most likely is."""

import codecs
from collections.abc import Iterable, Iterator

from gridfold.api.v1alpha1 import Encoding
from gridfold_trainer.errors import UnreadableTableError

_CODECS = {Encoding.LATIN_1: "latin-1", Encoding.WINDOWS_1252: "cp1252", Encoding.UTF_16: "utf-16"}
_NAMES = {Encoding.LATIN_1: "Latin-1", Encoding.WINDOWS_1252: "Windows-1252", Encoding.UTF_16: "UTF-16"}
#: No characters of Latin-1; Windows-1252 has most of its own there.
_LATIN_CONTROLS = bytes(range(0x80, 0xA0))
#: No characters of Windows-1252 either.
_UNDEFINED = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
_OTHERS = bytes(set(range(256)) - set(_LATIN_CONTROLS))


def to_utf8(pieces: Iterable[bytes], encoding: Encoding, source: str) -> Iterator[bytes]:
    """Yield text as UTF-8.

    Raises:
        UnreadableTableError: a byte is no character of the encoding.
    """
    if encoding is Encoding.UTF_8:
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(_CODECS[encoding])()
    line = 1
    for number, piece in enumerate(pieces):
        if number == 0 and piece.startswith(codecs.BOM_UTF8):
            raise UnreadableTableError(
                f"{source} begins with the mark of UTF-8; leave csv.encoding: {encoding.value} out."
            )
        if encoding is Encoding.LATIN_1:
            _check_latin1(piece, line, source)
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            line += piece.count(b"\n", 0, error.start)
            raise UnreadableTableError(
                f"{source}, line {line}: byte 0x{error.object[error.start]:02x} is no character of {_NAMES[encoding]}; "
                f"convert the file to UTF-8, and leave csv.encoding out."
            ) from error
        line += text.count("\n")
        if text:
            yield text.encode("utf-8", "surrogatepass")


def _check_latin1(piece: bytes, line: int, source: str) -> None:
    strange = piece.translate(None, delete=_OTHERS)
    if strange:
        line += piece.count(b"\n", 0, piece.index(strange[:1]))
        raise UnreadableTableError(
            f"{source}, line {line}: byte 0x{strange[0]:02x} is no character of Latin-1{_in_windows(strange[0])}; set "
            f"csv.encoding: Windows1252."
        )


def not_utf8(content: bytes, position: int, *, option: bool = True) -> str:
    """Return what is wrong at a byte that is not UTF-8, and what the text most likely is.

    Args:
        content: the text around it.
        position: of the byte in it.
        option: whether the spec can name another encoding.
    """
    byte = content[position]
    what = f"byte 0x{byte:02x} is not UTF-8"
    if not content[:position].isascii():
        return f"{what}, but text before it is; correct this line, or convert the file to UTF-8"
    what += _in_windows(byte)
    advice = "convert the file to UTF-8"
    possible = option and not any(undefined in content for undefined in _UNDEFINED)
    return f"{what}; set csv.encoding: Windows1252, or {advice}" if possible else f"{what}; {advice}"


def _in_windows(byte: int) -> str:
    """Return which character a byte is where text comes from Windows."""
    try:
        character = bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return ""
    named = "Windows-1252" if byte in _LATIN_CONTROLS else "Windows-1252 and Latin-1"
    return f' but "{character}" in {named}' if character.isprintable() else ""
