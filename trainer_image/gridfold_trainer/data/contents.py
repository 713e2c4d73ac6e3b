"""The bytes of a source, decompressed: in pieces, never more than one source may have."""

import gzip
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gridfold.api.v1alpha1 import DataFormat
from gridfold_trainer.data.sources import Fetched
from gridfold_trainer.errors import SourceTooLargeError, UnreadableTableError
from gridfold_trainer.storage.downloads import raise_limit

#: What is looked at at once.
PIECE_BYTES = 1024 * 1024
#: What becomes a table at once, in pieces: 8 MiB of text keep all cores busy, as a table of four times the size.
GROUPED_PIECES = 8

#: Of a table of very many columns, each of which costs something however few its rows are.
_WIDE_PIECES, _WIDE_COLUMNS = 64, 1000

#: What is beyond hardly costs: it is a hole in a file.
_SLACK = 1.02
_COMPRESSIONS = (".gz", ".zst")
_FORMATS = {
    ".csv": DataFormat.CSV,
    ".tsv": DataFormat.CSV,
    ".txt": DataFormat.CSV,
    ".parquet": DataFormat.PARQUET,
    ".pq": DataFormat.PARQUET,
    ".jsonl": DataFormat.JSON_LINES,
    ".ndjson": DataFormat.JSON_LINES,
    ".json": DataFormat.JSON_LINES,
}
_UTF_16 = "UTF-16"
#: First bytes of files that are something else than they are taken for.
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"(\xb5/\xfd": "Zstandard",
    b"PK\x03\x04": "ZIP (or Excel)",
    b"PAR1": "Parquet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
}
_MAGIC_BYTES = 8


@dataclass(frozen=True)
class Kind:
    """What a file is taken for."""

    format: DataFormat
    compression: str  #: ".gz", ".zst" or ""


def kind_of(uri: str, declared: DataFormat | None) -> Kind:
    """Return what the suffix, or the spec, says of a source."""
    name = uri.partition("?")[0].rpartition("/")[2].lower()
    compression = next((suffix for suffix in _COMPRESSIONS if name.endswith(suffix)), "")
    stem = name.removesuffix(compression)
    suffix = f".{stem.rpartition('.')[2]}" if "." in stem else ""
    return Kind(declared or _FORMATS.get(suffix, DataFormat.CSV), compression)


def pieces_at_once(columns: int) -> int:
    """Return how many pieces of text become a table at once."""
    return max(GROUPED_PIECES, min(_WIDE_PIECES, columns // _WIDE_COLUMNS))


def foreign(begin: bytes) -> str | None:
    """Return the name of the format that these first bytes belong to, where it is no text."""
    return next((name for magic, name in _MAGIC.items() if begin.startswith(magic)), None)


def text_pieces(
    file: Fetched, kind: Kind, limit_bytes: int, piece_bytes: int = PIECE_BYTES, *, utf16: bool = False
) -> Generator[bytes, None, None]:
    """Yield the content of a text file in pieces of at most `piece_bytes`; `utf16`: it may be UTF-16.

    Raises:
        UnreadableTableError: it is empty, no text, or a compressed file that is damaged or cut off.
        SourceTooLargeError: it has, decompressed, more than `limit_bytes`.
    """
    if file.path.stat().st_size == 0:
        raise UnreadableTableError(f"{file.uri} is empty (0 bytes); expected {_wanted(kind)}.")
    size = 0
    for piece in _decompressed(file, kind, piece_bytes):
        found = foreign(piece[:_MAGIC_BYTES]) if size == 0 else None
        if found and not (utf16 and found == _UTF_16):
            raise UnreadableTableError(f"{file.uri} is not {_wanted(kind)} but {found}; {_advice(kind, found)}")
        size += len(piece)
        if size > limit_bytes:
            raise SourceTooLargeError(
                f"{file.uri} has more than {limit_bytes} bytes{' when decompressed' if kind.compression else ''}, the "
                f"limit of one source; divide it, or {raise_limit()}."
            )
        yield piece
    if size == 0:
        raise UnreadableTableError(f"{file.uri} is empty when decompressed; expected {_wanted(kind)}.")


def one_line(error: BaseException) -> str:
    """Return the words of a library's error, in one line and shortened."""
    return " ".join(str(error).split())[:160]


def expected_rows(file: Fetched, kind: Kind) -> int:
    """Return a little more than how many rows a file has if it goes on as it begins; 0 where that cannot be told."""
    if kind.compression or kind.format is DataFormat.PARQUET:
        return 0
    with file.path.open("rb") as plain:
        begin = plain.read(PIECE_BYTES)
    rows = begin.count(b"\n") * file.path.stat().st_size / max(1, len(begin))
    return int(_SLACK * rows) + 1


def _wanted(kind: Kind) -> str:
    named = "a CSV file" if kind.format is DataFormat.CSV else "a file of JSON lines"
    return f"{named} ({'gzip' if kind.compression == '.gz' else 'Zstandard'})" if kind.compression else named


def _advice(kind: Kind, found: str) -> str:
    if found in {"gzip", "Zstandard"} and not kind.compression:
        return f"give it the suffix {'.gz' if found == 'gzip' else '.zst'}."
    if found == "Parquet":
        return "give it the suffix .parquet, or set dataset.format: Parquet."
    if found == _UTF_16:
        return "set csv.encoding: UTF16." if kind.format is DataFormat.CSV else "convert it to UTF-8."
    return "convert it before."


def _decompressed(file: Fetched, kind: Kind, piece_bytes: int) -> Iterator[bytes]:
    if not kind.compression:
        with file.path.open("rb") as plain:
            yield from _pieces(plain, piece_bytes)
        return
    name = "gzip" if kind.compression == ".gz" else "Zstandard"
    try:
        with _open(file.path, kind) as stream:
            yield from _pieces(stream, piece_bytes)
    except EOFError as error:
        raise UnreadableTableError(f"{file.uri} is cut off: its {name} data has no end; write it again.") from error
    except (OSError, zlib.error, _zstd().ZstdError) as error:
        raise UnreadableTableError(
            f"{file.uri} is not whole {name} data ({' '.join(str(error).split())[:128]}); correct the suffix, or write "
            f"it again."
        ) from error


def _pieces(stream: BinaryIO, piece_bytes: int) -> Iterator[bytes]:
    if begin := stream.read(max(piece_bytes, _MAGIC_BYTES)):
        yield begin
    while piece := stream.read(piece_bytes):
        yield piece


def _open(path: Path, kind: Kind) -> Any:
    return gzip.open(path, "rb") if kind.compression == ".gz" else _zstd().open(path, "rb")


def _zstd() -> Any:
    """Return the module of Python 3.14, or its backport."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from backports import zstd  # type: ignore[import-not-found,unused-ignore]
    return zstd
