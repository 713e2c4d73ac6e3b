"""The prepared data set: what is written is read, everything else is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blake3 import blake3

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.matrix_file import MatrixFile
from gridfold_trainer.data.prepared import Column, digest_of, folder_uri, label_array, load_prepared, to_frame
from gridfold_trainer.data.prepared_writer import Draft, save_prepared
from gridfold_trainer.data.targets import Target
from gridfold_trainer.errors import PreparedCorruptError
from gridfold_trainer.storage.context import Context
from tests.unit.trainer.data_jobs import context

pytestmark = pytest.mark.usefixtures("frames")

CACHE = "file:cache/"
NUMBERS = np.array([1.5, np.nan, -0.0, 5e-324])
CODES = np.array([1.0, 0.0, np.nan, 1.0])
COLUMNS = (Column("n", ColumnType.NUMERIC), Column("c", ColumnType.CATEGORICAL, ("blue", "grün")))
TARGET = Target(np.array([1, 0, 1, 1]), ("no", "yes"))


def draft(where: Context, columns: tuple[np.ndarray, ...] = (NUMBERS, CODES), **changes: Any) -> Draft:
    file = MatrixFile(where.scratch / "X.npy", len(columns))
    for values in columns:
        file.keep(values)
    file.complete()
    return replace(Draft(where.scratch / "X.npy", COLUMNS, "y", TARGET, 1), **changes)


@pytest.fixture
def where(tmp_path: Path) -> Context:
    return context(tmp_path)


@pytest.fixture
def saved(where: Context) -> str:
    return save_prepared(draft(where), CACHE, where)


def stored(where: Context, digest: str, name: str) -> Path:
    found = where.store.local_path(folder_uri(CACHE, digest) + name)
    assert found is not None
    return found


def load(where: Context, digest: str) -> Any:
    return load_prepared(where.store, CACHE, digest, where.scratch)


def test_a_data_set_reads_back_bit_for_bit(where: Context, saved: str) -> None:
    data = load(where, saved)
    assert data.X.flags.f_contiguous
    assert not data.X.flags.writeable
    assert data.X[:, 0].tobytes() == NUMBERS.tobytes()
    assert data.X[:, 1].tobytes() == CODES.tobytes()
    assert data.y.tolist() == [1, 0, 1, 1]
    assert (data.columns, data.classes, data.positive, data.target) == (COLUMNS, ("no", "yes"), 1, "y")


def test_equal_content_has_an_equal_digest_and_is_written_once(where: Context, saved: str) -> None:
    files = [stored(where, saved, name) for name in ("X.npy", "y.npy", "manifest.json")]
    before = [path.stat().st_mtime_ns for path in files]
    assert save_prepared(draft(where), CACHE, where) == saved
    assert [path.stat().st_mtime_ns for path in files] == before


def test_what_is_written_later_leaves_a_stored_data_set_alone(where: Context, saved: str) -> None:
    """A store of files may keep the very file that was uploaded."""
    draft(where, (CODES, NUMBERS))
    assert load(where, saved).X[:, 0].tobytes() == NUMBERS.tobytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": (np.array([1.5, np.nan, 0.0, 5e-324]), CODES)},
        {"target": Target(np.array([1, 0, 1, 0]), ("no", "yes"))},
        {"target": Target(np.array([1, 0, 1, 1]), ("No", "yes"))},
        {"target": Target(np.array([1.0, 0.0, 1.0, 1.0]), None), "positive": None},
        {"positive": 0},
        {"target_name": "z"},
        {"named": (COLUMNS[0], Column("c", ColumnType.CATEGORICAL, ("blue", "green")))},
        {"named": (Column("m", ColumnType.NUMERIC), COLUMNS[1])},
    ],
)
def test_whatever_a_number_depends_on_is_in_the_digest(where: Context, saved: str, changes: dict[str, Any]) -> None:
    columns = changes.pop("columns", (NUMBERS, CODES))
    changes = {"columns" if name == "named" else name: value for name, value in changes.items()}
    other = replace(draft(where, columns), **changes)
    assert save_prepared(other, CACHE, where) != saved


@pytest.mark.parametrize("name", ["X.npy", "y.npy", "manifest.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"",
    ],
    ids=["cut", "longer", "one bit", "empty"],
)
def test_a_damaged_part_is_refused_and_written_anew_by_the_next_prepare(
    where: Context, saved: str, name: str, damage: Any
) -> None:
    path = stored(where, saved, name)
    load(where, saved)  # marks the parts as verified; the damage must show nevertheless
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(PreparedCorruptError, match="digest"):
        load(where, saved)
    assert save_prepared(draft(where), CACHE, where) == saved
    assert load(where, saved).y.tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize("name", ["X.npy", "y.npy", "manifest.json"])
def test_a_missing_part_is_told_and_written_anew_by_the_next_prepare(where: Context, saved: str, name: str) -> None:
    stored(where, saved, name).unlink()
    with pytest.raises(PreparedCorruptError, match="is gone"):
        load(where, saved)
    save_prepared(draft(where), CACHE, where)
    assert load(where, saved).digest == saved


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: manifest.update(format=1),
        lambda manifest: manifest.update(extra=1),
        lambda manifest: manifest.pop("rows"),
        lambda manifest: manifest.update(rows="4"),
        lambda manifest: manifest.update(rows=3),
        lambda manifest: manifest.update(columns=manifest["columns"][:1]),
        lambda manifest: manifest.update(classes=None),
        lambda manifest: manifest.update(classes=["no"]),
        lambda manifest: manifest.update(classes=[True, False]),
        lambda manifest: manifest.update(positive=2),
        lambda manifest: manifest["columns"][0].update(type="Text"),
        lambda manifest: manifest["columns"][0].update(name=""),
        lambda manifest: manifest["matrix"].update(blake3="0"),
    ],
)
def test_a_manifest_that_is_not_strictly_one_is_refused_even_under_its_own_digest(
    where: Context, saved: str, edit: Any
) -> None:
    manifest = json.loads(stored(where, saved, "manifest.json").read_bytes())
    edit(manifest)
    content = json.dumps(manifest).encode()
    digest = digest_of(content)
    where.store.put(folder_uri(CACHE, digest) + "manifest.json", content)
    for name in ("X.npy", "y.npy"):
        where.store.put(folder_uri(CACHE, digest) + name, stored(where, saved, name).read_bytes())
    with pytest.raises(PreparedCorruptError):
        load(where, digest)


def test_an_array_with_pickled_objects_is_never_loaded(where: Context, saved: str, tmp_path: Path) -> None:
    np.save(tmp_path / "evil.npy", np.array([print] * 4, dtype=object), allow_pickle=True)
    evil = (tmp_path / "evil.npy").read_bytes()
    manifest = json.loads(stored(where, saved, "manifest.json").read_bytes())
    manifest["labels"] = {"blake3": blake3(evil).hexdigest(), "size": len(evil)}
    content = json.dumps(manifest).encode()
    folder = folder_uri(CACHE, digest_of(content))
    where.store.put(folder + "manifest.json", content)
    where.store.put(folder + "X.npy", stored(where, saved, "X.npy").read_bytes())
    where.store.put(folder + "y.npy", evil)
    with pytest.raises(PreparedCorruptError, match="is not an array"):
        load(where, digest_of(content))


def test_a_part_is_verified_once_per_run_and_machine_and_again_when_it_was_written(
    where: Context, saved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = type(where.store).blake3

    def spy(store: Any, uri: str) -> str:
        asked.append(uri)
        return original(store, uri)

    monkeypatch.setattr(type(where.store), "blake3", spy)
    load(where, saved)
    load(where, saved)
    assert [uri.rpartition("/")[2] for uri in asked] == ["X.npy", "y.npy"]
    path = stored(where, saved, "X.npy")
    path.write_bytes(path.read_bytes())
    load(where, saved)
    assert [uri.rpartition("/")[2] for uri in asked] == ["X.npy", "y.npy", "X.npy"]


def test_the_frame_has_numbers_as_floats_and_categories_as_python_strings_with_float_nan(
    where: Context, saved: str
) -> None:
    frame = to_frame(load(where, saved))
    assert list(frame.columns) == ["n", "c"]
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "object"]
    assert frame["n"].to_numpy().tobytes() == NUMBERS.tobytes()
    texts = frame["c"].to_numpy()
    assert texts.tolist()[:2] == ["grün", "blue"]
    assert {type(value) for value in texts} == {str, float}


@pytest.mark.parametrize(("classes", "dtype"), [(("no", "yes"), "object"), ((-1, 7), "int64"), (("10", "2"), "object")])
def test_labels_by_code_are_those_of_the_data(classes: tuple[Any, ...], dtype: str) -> None:
    found = label_array(classes)
    assert (found.tolist(), str(found.dtype)) == (list(classes), dtype)
