"""A matrix whose rows come piece by piece is the file that numpy writes of the whole."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold_trainer.data import matrix_file
from gridfold_trainer.data.matrix_file import MatrixFile, Slot
from gridfold_trainer.errors import ScratchFullError


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (70_000, 1)])
def test_it_is_the_file_that_numpy_writes_whatever_the_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    X = np.arange(shape[0] * shape[1], dtype=np.float64).reshape(shape)
    file = MatrixFile(tmp_path / "X.npy", shape[1])
    for column in X.T:
        file.keep(column)
    file.complete()
    found = np.load(tmp_path / "X.npy", allow_pickle=False)
    assert found.flags.f_contiguous
    np.testing.assert_array_equal(found, X)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_pieces_end_up_in_place_whatever_was_expected_and_whatever_is_dropped(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    """Some columns have slots, others come whole at the end; rows and columns are dropped in between."""
    folder = tmp_path_factory.mktemp("matrix")
    pieces = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=8))
    columns = data.draw(st.integers(1, 6))
    expected_rows = data.draw(st.integers(0, 2 * sum(pieces)))
    in_slots = data.draw(st.lists(st.booleans(), min_size=columns, max_size=columns))
    stay = data.draw(st.lists(st.booleans(), min_size=columns, max_size=columns))
    rows = np.array(data.draw(st.lists(st.booleans(), min_size=sum(pieces), max_size=sum(pieces))), dtype=bool)
    X = np.random.default_rng(sum(pieces)).normal(size=(sum(pieces), columns))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix_file, "_MOVED", 7)
        file = MatrixFile(folder / "X.npy", columns, expected_rows)
        for begin, size in zip(np.cumsum([0, *pieces[:-1]]), pieces, strict=True):
            for number in np.flatnonzero(in_slots):
                Slot(file, int(number)).append(X[begin : begin + size, number])
        for number in range(columns):
            values = Slot(file, number).all() if in_slots[number] else X[:, number]
            if stay[number]:
                file.keep(values[rows])
        file.complete()
    found = np.load(folder / "X.npy", allow_pickle=False)
    if any(stay):
        assert found.flags.f_contiguous
        np.testing.assert_array_equal(found, X[rows][:, stay])
        assert (folder / "X.npy").stat().st_size == 128 + found.nbytes
    else:
        assert found.size == 0


def test_a_column_that_was_forgotten_is_no_longer_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = MatrixFile(tmp_path / "X.npy", 2, 2)
    first, second = Slot(file, 0), Slot(file, 1)
    first.append(np.ones(2))
    second.append(np.ones(2))
    second.clear()
    monkeypatch.setattr(MatrixFile, "_move_apart", lambda *_: pytest.fail("there is room for these rows"))
    second.append(np.array([5.0, 6.0]))
    assert second.all().tolist() == [5, 6]
    file.close()


def test_a_file_that_is_an_object_by_now_is_left_alone(tmp_path: Path) -> None:
    """A store of files may keep the very file that was uploaded."""
    (tmp_path / "X.npy").write_bytes(b"stored")
    (tmp_path / "object").hardlink_to(tmp_path / "X.npy")
    file = MatrixFile(tmp_path / "X.npy", 1)
    file.keep(np.ones(3))
    file.complete()
    assert (tmp_path / "object").read_bytes() == b"stored"


def test_what_is_left_to_write_is_compared_with_the_room_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 1_000_000
    file = MatrixFile(tmp_path / "X.npy", 3, rows)
    for number in (0, 1):
        Slot(file, number).append(np.ones(rows))
    usage = shutil.disk_usage(tmp_path)
    for free, fits in ((9_000_000, True), (7_000_000, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        if fits:
            file.check_room(rows)
            continue
        with pytest.raises(ScratchFullError, match=r"but the rest of the prepared data needs [78]\d{6}; choose nodes"):
            file.check_room(rows)
    file.close()


def test_rows_that_do_not_come_need_no_room(tmp_path: Path) -> None:
    file = MatrixFile(tmp_path / "X.npy", 2, 10**12)
    Slot(file, 0).append(np.ones(3))
    file.check_room(3)
    for number in (0, 1):
        file.keep(np.full(3, float(number)))
    file.complete()
    np.testing.assert_array_equal(np.load(tmp_path / "X.npy"), [[0, 1]] * 3)


def test_a_disk_that_is_full_in_the_middle_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = MatrixFile(tmp_path / "X.npy", 1)

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ScratchFullError, match=r"no room for X.npy; choose nodes with a larger disk"):
        Slot(file, 0).append(np.ones(3))
    file.close()
