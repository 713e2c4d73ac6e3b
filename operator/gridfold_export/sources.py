"""The sources of a job as statements that read them into one DataFrame of texts, `frame`."""

from collections.abc import Iterator
from typing import Any

from gridfold.api.v1alpha1 import DataFormat, Dataset, Encoding, RepeatedHeader, Source, TrainingJobSpec
from gridfold.domain.csv_program import CODECS, csv_program, needs_program
from gridfold.domain.hidden import hidden_names
from gridfold.domain.number_formats import writes_commas
from gridfold.domain.repeated_headers import without_headers
from gridfold_export.buckets import Buckets, Loop
from gridfold_export.errors import NoScriptError
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import Call, Each, Name, assign, render
from gridfold_export.patterns import is_pattern

_COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}
_FORMATS = {
    "csv": DataFormat.CSV,
    "tsv": DataFormat.CSV,
    "txt": DataFormat.CSV,
    "parquet": DataFormat.PARQUET,
    "pq": DataFormat.PARQUET,
    "jsonl": DataFormat.JSON_LINES,
    "ndjson": DataFormat.JSON_LINES,
    "json": DataFormat.JSON_LINES,
}
_HELPERS = {DataFormat.PARQUET: "read_parquet", DataFormat.JSON_LINES: "read_json_lines"}
_FROM_BYTES = ("read_json_lines", "read_csv")
_READ_CSV = "pd.read_csv"
_SHARED = "READING"  #: name of the options in the script, where several sources are read alike
_IMPORTS = {
    "pd.": "import pandas as pd",
    "io.BytesIO": "import io",
    "Path(": "from pathlib import Path",
    "urlopen(": "from urllib.request import urlopen",
    "gzip.decompress": "import gzip",
    "zstandard.open": "import zstandard",
}


def reading(spec: TrainingJobSpec) -> Iterator[Fragment]:
    """Yield what reads all sources, in order.

    Raises:
        NoScriptError: what the objects of a folder are cannot be seen without listing it.
    """
    sources, buckets = spec.dataset.sources, Buckets(spec)
    forms = [_format(source, spec.dataset) for source in sources]
    options = _csv_options(spec.dataset)
    helpers = {**_HELPERS, **({DataFormat.CSV: "read_csv"} if needs_program(spec.dataset.csv) else {})}
    excluded = spec.dataset.exclude_columns
    parts = [_part(source, helpers.get(form), buckets, excluded) for source, form in zip(sources, forms, strict=True)]
    yield from buckets.fragments()
    if any(is_file(source) and is_many(source) for source in sources):
        yield load("list_files")
    if any(map(_is_pinned, sources)):
        yield load("verified")
    commas = "_commas" if writes_commas(spec.dataset) else ""
    yield from (load(f"{_HELPERS[form]}{commas}") for form in _HELPERS if form in forms)
    by_pandas = DataFormat.CSV in forms and not needs_program(spec.dataset.csv)
    if DataFormat.CSV in forms and not by_pandas:
        yield from _program(spec)
    trimmed = by_pandas and spec.dataset.csv.header and spec.cleaning.trim_text
    code = _statements(parts, options) + ("\nframe.columns = frame.columns.str.strip()" if trimmed else "")
    if DataFormat.CSV in forms and spec.dataset.csv.repeated_header is RepeatedHeader.DROP:
        code += "\n" + without_headers("frame", spec.dataset.csv)
    yield Fragment(code, tuple(statement for mark, statement in _IMPORTS.items() if mark in code))


def _program(spec: TrainingJobSpec) -> Iterator[Fragment]:
    """Yield what reads CSV in forms that pandas cannot be told."""
    csv = spec.dataset.csv
    if csv.column_names is not None:
        yield Fragment(assign("NAMES", list(csv.column_names)))
    yield Fragment(*csv_program(csv, trim=spec.cleaning.trim_text))


def packages(dataset: Dataset) -> list[str]:
    """Return what reading needs beside pandas."""
    needed = {
        "boto3": any(source.uri.startswith("s3:") for source in dataset.sources),
        "polars": has_parquet(dataset),
        "zstandard": any(_suffixes(source.uri)[1] == "zst" for source in dataset.sources),
    }
    return [name for name, is_needed in needed.items() if is_needed]


def has_parquet(dataset: Dataset) -> bool:
    """Tell whether any source is Parquet, which has numbers where the others have texts."""
    return any(_format(source, dataset) is DataFormat.PARQUET for source in dataset.sources)


def is_file(source: Source) -> bool:
    """Tell whether a source is on this machine."""
    return source.uri.startswith("file:")


def is_many(source: Source) -> bool:
    """Tell whether a source is a folder or pattern: any number of objects."""
    return not source.uri.startswith("https:") and is_pattern(source.uri)


def _format(source: Source, dataset: Dataset) -> DataFormat:
    """Return the format of a source: as named, else as its suffix says."""
    suffix, compression = _suffixes(source.uri)
    if is_many(source) and dataset.format is None and suffix not in _FORMATS:
        raise NoScriptError(
            f"gridfold export cannot see what the objects of {source.uri} are; write a pattern that ends in their "
            f"suffix, such as {source.uri.partition('*')[0]}*.csv{f'.{compression}' if compression else ''}, or name "
            "dataset.format"
        )
    return dataset.format or _FORMATS.get(suffix, DataFormat.CSV)


def _part(source: Source, helper: str | None, buckets: Buckets, excluded: list[str]) -> tuple[Call, Loop]:
    """Return the call that reads a source or one of its objects, and the loop over these (None for one).

    Args:
        source: what is read.
        helper: the function of the script that reads it; None: pandas does.
        buckets: the clients of the script.
        excluded: columns that are not used, whatever they are.
    """
    opened, loop = _opened(source, buckets)
    if _is_pinned(source):
        opened = Call("verified", (_bytes(opened), source.sha256))
    compression = _suffixes(source.uri)[1]
    options: dict[str, Any] = {"excluded": excluded} if helper == "read_parquet" and excluded else {}
    if helper in _FROM_BYTES:
        opened = _decompressed(_bytes(opened), compression)
    elif isinstance(opened, Call):
        opened = Call("io.BytesIO", (opened,))
    if compression and helper is None and not _ends_in_suffix(opened):
        options = {"compression": _COMPRESSIONS[compression]}
    return Call(helper or _READ_CSV, (opened,), options), loop


def _ends_in_suffix(opened: Any) -> bool:
    """Tell whether pandas sees the suffix: bytes have none, and the query of a URL hides it."""
    return not isinstance(opened, Call) and not (
        isinstance(opened, str) and opened.startswith("https:") and "?" in opened
    )


def _opened(source: Source, buckets: Buckets) -> tuple[Any, Loop]:
    """Return a path or URL, or a call that gives bytes; and the loop around it."""
    if source.uri.startswith("s3:"):
        return buckets.opened(source, many=is_many(source))
    if not is_file(source):
        return source.uri, None
    rest = source.uri.removeprefix("file:")
    path = rest[2:] if rest.startswith("///") else rest
    if not is_many(source):
        return path, None
    pattern = Call("list_files", (f"{path}**" if path.endswith("/") else path, hidden_names(path)))
    return Name("path"), ("path", pattern)


def _bytes(opened: Any) -> Any:
    """Return what gives the bytes of a path or URL; what gives bytes already stays."""
    if isinstance(opened, Call):
        return opened
    if isinstance(opened, str) and opened.startswith("https:"):
        return Call(f"{render(Call('urlopen', (opened,)))}.read")
    return Call(f"{render(Call('Path', (opened,)))}.read_bytes")


def _decompressed(content: Any, compression: str) -> Any:
    if not compression:
        return content
    if compression == "gz":
        return Call("gzip.decompress", (content,))
    return Call(f"{render(Call('zstandard.open', (Call('io.BytesIO', (content,)),)))}.read")


def _statements(parts: list[tuple[Call, Loop]], options: dict[str, Any]) -> str:
    """Return what makes one frame of all parts; options that several share stand once."""
    first, loop = parts[0]
    if len(parts) == 1 and not loop:
        named = options if first.function == _READ_CSV else {}
        return assign("frame", Call(first.function, first.arguments, {**named, **first.named}))
    frames = []
    for call, loop in parts:
        shared = (Name(f"**{_SHARED}"),) if call.function == _READ_CSV else ()
        read = Call(call.function, (*call.arguments, *shared), call.named)
        frames.append(Each(read, *loop) if loop else read)
    combined = assign("frame", Call("pd.concat", (frames,), {"ignore_index": True}))
    uses_csv = any(call.function == _READ_CSV for call, _ in parts)
    return f"{assign(_SHARED, options)}\n{combined}" if uses_csv else combined


def _csv_options(dataset: Dataset) -> dict[str, Any]:
    """Return how pandas is to read CSV: every field as text, nothing taken for missing."""
    csv = dataset.csv
    options: dict[str, Any] = {"dtype": Name("object"), "na_filter": False}
    if csv.delimiter != ",":
        options["sep"] = r"\s+" if csv.delimiter == "Whitespace" else csv.delimiter
    if csv.quote_character != '"':
        options["quotechar"] = csv.quote_character
    if csv.encoding is not Encoding.UTF_8:
        options["encoding"] = CODECS[csv.encoding]
    if not csv.header:
        options |= {"header": None, "names": list(csv.column_names or ())}
    return options


def _is_pinned(source: Source) -> bool:
    return source.sha256 is not None and not is_many(source)


def _suffixes(uri: str) -> tuple[str, str]:
    """Return the suffix that tells the format, and the one that tells the compression ("" for none)."""
    path = uri.partition("?")[0] if uri.startswith("https:") else uri
    stem, _, last = path.lower().rpartition(".")
    if last not in _COMPRESSIONS:
        return last, ""
    return stem.rpartition(".")[2], last
