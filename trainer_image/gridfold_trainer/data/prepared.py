"""The prepared data set: cleaned, typed, column-major, named by the digest of its content."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from blake3 import blake3
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.errors import ObjectMissingError, PreparedCorruptError
from gridfold_trainer.storage.local_files import check_room
from gridfold_trainer.storage.stores import ObjectStore, Wanted

#: Changes when the parts below, or what they mean, change.
PREPARED_FORMAT: Final = 2
MANIFEST = "manifest.json"
MATRIX, TARGET, GROUPS, TIME, FOLDS = "X.npy", "y.npy", "groups.npy", "time.npy", "folds.npy"
MANIFEST_BYTES = 256 * 1024 * 1024
CLASS_LIMIT = 10_000
#: Of a table, and of what is made of it.
COLUMN_LIMIT = 100_000
#: A column beyond these is no category but free text or an identifier.
CATEGORY_LIMIT = 1_000_000
CATEGORY_CHARACTERS = 65_536
_PREFIX = "sha256:"


@dataclass(frozen=True)
class Column:
    """A column of X."""

    name: str
    type: ColumnType
    categories: tuple[str, ...] = ()  #: of a categorical one, by code


@dataclass(frozen=True)
class PreparedData:
    """A data set as every later stage uses it."""

    digest: str
    X: np.ndarray  #: (n, p) float64, Fortran order, read-only; codes of categories; missing is NaN
    y: np.ndarray  #: (n,) int64 codes of classes, or float64 numbers
    columns: tuple[Column, ...]  #: of X, in source order
    classes: tuple[str, ...] | tuple[float | int, ...] | None  #: labels by code; None: a regression target
    positive: int | None  #: code of the positive class, where there are two
    target: str
    groups: np.ndarray | None = None  #: (n,) int64 codes of spec.dataset.groupColumn, in the order of its values
    time: np.ndarray | None = None  #: (n,) float64 of spec.dataset.timeColumn: numbers, or microseconds since 1970
    folds: np.ndarray | None = None  #: (n,) int64 codes of spec.dataset.foldColumn, as its values sort; -1: none

    @property
    def orders(self) -> Orders:
        """Return what parts and folds must respect."""
        return Orders(self.groups, self.time, self.folds)


class _Strict(BaseModel):
    """Another writer of the cache is not trusted: every field has a type and a bound."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PartFacts(_Strict):
    """What a part must be."""

    blake3: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=1)]


class ColumnFacts(_Strict):
    """A column of X."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    type: Annotated[ColumnType, Field(strict=False)]
    categories: Annotated[list[Annotated[str, Field(max_length=CATEGORY_CHARACTERS)]], Field(max_length=CATEGORY_LIMIT)]


Label = Annotated[str, Field(max_length=CATEGORY_CHARACTERS)] | int | float


class Manifest(_Strict):
    """`manifest.json`: nothing but content, so that equal data has an equal digest."""

    format: Literal[2] = PREPARED_FORMAT
    rows: Annotated[int, Field(ge=1)]
    target: Annotated[str, Field(min_length=1, max_length=256)]
    columns: Annotated[list[ColumnFacts], Field(min_length=1, max_length=COLUMN_LIMIT)]
    classes: Annotated[list[Label], Field(min_length=1, max_length=CLASS_LIMIT)] | None
    positive: Annotated[int, Field(ge=0, le=1)] | None
    matrix: PartFacts
    labels: PartFacts
    groups: PartFacts | None = None
    time: PartFacts | None = None
    folds: PartFacts | None = None

    def to_bytes(self) -> bytes:
        """Return the object to store; a part that came with a later version is named only where there is one."""
        return self.model_dump_json(exclude={"folds"} if self.folds is None else None).encode()


def folder_uri(cache_uri: str, digest: str) -> str:
    """Return the folder of a prepared data set."""
    return f"{cache_uri}prepared/{digest.removeprefix(_PREFIX)}/"


def digest_of(manifest: bytes) -> str:
    """Return the digest of a data set: of its manifest, which has the digests of the parts.

    SHA-256, as of sources. The parts have BLAKE3, whose cost is a fifth: of a cell's work on the data, it is the most.
    """
    return _PREFIX + hashlib.sha256(manifest).hexdigest()


def load_prepared(store: ObjectStore, cache_uri: str, digest: str, scratch: Path) -> PreparedData:
    """Return a prepared data set, verified; X is mapped, not read, and processes on one machine share it.

    Raises:
        PreparedCorruptError: a part is missing, or not what the digest says.
    """
    folder = folder_uri(cache_uri, digest)
    try:
        content = store.get(folder + MANIFEST, MANIFEST_BYTES)
        if digest_of(content) != digest:
            raise PreparedCorruptError(f"{folder}{MANIFEST} has the digest {digest_of(content)}; expected {digest}.")
        manifest = _parse(content, folder)
        matrix = _local_part(store, folder + MATRIX, manifest.matrix, scratch)
        labels = _local_part(store, folder + TARGET, manifest.labels, scratch)
        groups = _optional_part(store, folder + GROUPS, manifest.groups, scratch)
        time = _optional_part(store, folder + TIME, manifest.time, scratch)
        folds = _optional_part(store, folder + FOLDS, manifest.folds, scratch)
    except ObjectMissingError as error:
        raise PreparedCorruptError(f"A part of the prepared data set is gone: {error}") from error
    X, y = _map(matrix, folder + MATRIX), np.array(_map(labels, folder + TARGET))
    _check_arrays(manifest, X, y, folder)
    _check_orders(manifest, Orders(groups, time, folds), folder)
    return PreparedData(
        digest,
        X,
        y,
        tuple(Column(c.name, c.type, tuple(c.categories)) for c in manifest.columns),
        None if manifest.classes is None else tuple(manifest.classes),  # type: ignore[arg-type]
        manifest.positive,
        manifest.target,
        groups,
        time,
        folds,
    )


def to_frame(data: PreparedData) -> Any:
    """Return X as a pandas DataFrame: numbers as float64, categories as object arrays of str with float nan."""
    import pandas as pd

    columns = {}
    for position, column in enumerate(data.columns):
        values = np.array(data.X[:, position])
        if column.type is ColumnType.CATEGORICAL:
            values = _decode(values, column.categories)
        columns[column.name] = pd.Series(values, dtype=values.dtype, copy=False)
    return pd.DataFrame(columns, copy=False)


def label_array(classes: Sequence[Any]) -> np.ndarray:
    """Return the labels by code as scikit-learn has classes_: an object array of str, or numbers."""
    return np.array(classes, dtype=object if isinstance(classes[0], str) else None)


def _decode(codes: np.ndarray, categories: tuple[str, ...]) -> np.ndarray:
    """Return the texts of codes; the missing ones are float nan."""
    texts: np.ndarray = np.array([*categories, float("nan")], dtype=object)
    return texts[np.where(np.isnan(codes), len(categories), codes).astype(np.int64)]


def _parse(content: bytes, folder: str) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise PreparedCorruptError(
            f"{folder}{MANIFEST} is not a manifest of format {PREPARED_FORMAT}: {error.error_count()} problems, the "
            f"first: {error.errors()[0]['msg']}."
        ) from error


def _local_part(store: ObjectStore, uri: str, facts: PartFacts, scratch: Path) -> Path:
    """Return a part as a local file whose digest is right."""
    local = store.local_path(uri)
    path = local or scratch / f"{facts.blake3}.npy"
    mark = scratch / f"{facts.blake3}.verified"
    if _is_marked(path, mark):
        return path
    if local is None:
        check_room(scratch, facts.size, uri)
        part = scratch / f"{facts.blake3}.{secrets.token_hex(4)}.part"
        digest = store.download(uri, part, Wanted(new_digest=blake3))
        if digest == facts.blake3:
            part.replace(path)
        else:
            part.unlink()
    else:
        digest = store.blake3(uri)
    if digest != facts.blake3:
        raise PreparedCorruptError(f"{uri} has the BLAKE3 digest {digest}; expected {facts.blake3}.")
    _mark(path, mark)
    return path


def _optional_part(store: ObjectStore, uri: str, facts: PartFacts | None, scratch: Path) -> np.ndarray | None:
    """Return a part that not every data set has, read."""
    return None if facts is None else np.array(_map(_local_part(store, uri, facts, scratch), uri))


def _identity(path: Path) -> str:
    """Return what changes whenever a file is written or replaced (the change time cannot be set by programs)."""
    found = path.stat()
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _is_marked(path: Path, mark: Path) -> bool:
    """Tell whether a process of this run on this machine has verified exactly this file: once is enough."""
    try:
        return mark.read_text(encoding="ascii") == _identity(path)
    except OSError:
        return False


def _mark(path: Path, mark: Path) -> None:
    part = mark.with_suffix(f".{os.getpid()}.part")
    part.write_text(_identity(path), encoding="ascii")
    part.replace(mark)


def _map(path: Path, uri: str) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise PreparedCorruptError(f"{uri} is not an array: {error}.") from error
    return array


def _check_arrays(manifest: Manifest, X: np.ndarray, y: np.ndarray, folder: str) -> None:
    expected_y = np.float64 if manifest.classes is None else np.int64
    fits = (
        X.shape == (manifest.rows, len(manifest.columns))
        and y.shape == (manifest.rows,)
        and X.dtype == np.float64
        and y.dtype == expected_y
        and X.flags.f_contiguous
        and (manifest.classes is None or bool(((y >= 0) & (y < len(manifest.classes))).all()))
    )
    if not fits:
        raise PreparedCorruptError(
            f"{folder}: arrays of {X.dtype}{X.shape} and {y.dtype}{y.shape} do not fit their manifest of "
            f"{manifest.rows} rows and {len(manifest.columns)} columns."
        )


def _check_orders(manifest: Manifest, orders: Orders, folder: str) -> None:
    arrays = ((GROUPS, orders.groups, np.int64), (TIME, orders.time, np.float64), (FOLDS, orders.folds, np.int64))
    for name, array, expected in arrays:
        if array is None:
            continue
        if array.shape != (manifest.rows,) or array.dtype != expected or not np.isfinite(array).all():
            raise PreparedCorruptError(
                f"{folder}{name}: an array of {array.dtype}{array.shape} does not fit a manifest of "
                f"{manifest.rows} rows."
            )
