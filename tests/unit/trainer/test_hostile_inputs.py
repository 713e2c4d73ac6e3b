"""Whatever is handed in ends in a typed error that says what to do, or in a right result, and leaves nothing behind.

What cells, stores and servers do with bad input is in their own tests; this is the table of what prepare is given.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from gridfold_trainer import prepare
from gridfold_trainer.data import contents
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.data.prepared import load_prepared
from gridfold_trainer.errors import DataError, PreparedCorruptError
from tests.unit.trainer.data_jobs import TABLE, context, run_prepare, stage_input
from tests.unit.trainer.hostile_inputs import INPUTS, Hostile, with_column


@pytest.fixture(scope="module", autouse=True)
def frames() -> None:
    add_frames()


@pytest.mark.parametrize("case", INPUTS, ids=[case.name for case in INPUTS])
def test_a_hostile_input_ends_in_a_typed_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Hostile
) -> None:
    monkeypatch.setenv("GRIDFOLD_SOURCE_BYTES", "1000000" if "bomb" in case.name else "100000000")
    (tmp_path / case.file).write_bytes(case.content() if callable(case.content) else case.content)
    (tmp_path / "other.csv").write_text("p,q\n1,2\n")
    changes = dict(case.changes)
    changes["dataset"] = {"sources": [{"uri": f"file:{case.file}"}], **changes.get("dataset", {})}
    with pytest.raises(DataError) as caught:
        prepare.run(stage_input(**changes), context(tmp_path))
    message = str(caught.value)
    assert caught.value.reason == case.reason, message
    assert case.words in message
    assert not any(word in message for word in ("Traceback", "object at 0x", "polars.", str(tmp_path / "scratch")))
    assert max(map(len, caught.value.problems)) < 1500
    assert not (tmp_path / "out").exists()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_table_has_at_least_sixty_inputs_and_each_its_own_name() -> None:
    assert len({case.name for case in INPUTS}) == len(INPUTS) >= 60


EQUAL = {
    "a byte order mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "line ends of Windows": TABLE.replace("\n", "\r\n").encode(),
    "no line end at the end": TABLE.rstrip("\n").encode(),
    "blank lines everywhere": b"\n\n" + TABLE.replace("\n", "\n \n").encode() + b"\n\n",
    "every field in quotes": "\n".join(
        ",".join(f'"{field}"' for field in line.split(",")) for line in TABLE.splitlines()
    ).encode(),
    "white space around every field": TABLE.replace(",", " ,\t").encode(),
}


@pytest.mark.parametrize("piece", [7, contents.PIECE_BYTES])
@pytest.mark.parametrize("name", EQUAL)
def test_what_only_looks_bad_is_the_same_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, piece: int
) -> None:
    expected = run_prepare(tmp_path).digest
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    assert run_prepare(tmp_path, EQUAL[name]).digest == expected


def test_ten_thousand_columns_are_prepared(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(9_999))
    rows = [f"{','.join([str(row)] * 9_999)},{('no', 'yes')[row % 2]}" for row in range(60)]
    assert run_prepare(tmp_path, "\n".join([f"{names},y", *rows])).dataset.columns == 9_999


@pytest.mark.parametrize(
    ("values", "columns", "warning"),
    [
        ([""], 4, "no value in any row: extra."),
        (["inf", *map(str, range(59))], 4, 'for texts among their numbers: extra ("inf").'),
        ([f"{n}" if n % 7 else "?Ab"[n % 3] for n in range(60)], 4, 'extra ("?", "A" and 1 more).'),
        ([f"user {n}" for n in range(60)], 4, "The column extra looks like a name or an identifier"),
        ([f"u{n % 50}" for n in range(60)], 4, ""),
        ([str(2**53), str(-(2**53)), "1e22"], 4, ""),
    ],
)
def test_what_is_allowed_but_seldom_meant_is_prepared_and_told(
    tmp_path: Path, values: list[str], columns: int, warning: str
) -> None:
    report = run_prepare(tmp_path, with_column(values))
    assert (report.dataset.columns, report.dataset.rows) == (columns, 60)
    assert warning in " ".join(report.warnings)
    assert len(report.warnings) == bool(warning)


def test_equal_timestamps_keep_the_order_of_the_source(tmp_path: Path) -> None:
    rows = [f"{row},2024-01-01,{('no', 'yes')[row % 2]}" for row in range(60)]
    report = run_prepare(tmp_path, "\n".join(["a,t,y", *rows]), dataset={"timeColumn": "t"})
    assert report.dataset.parts == {"train": 42, "validation": 9, "test": 9}
    assert report.resolved.split == "TimeOrdered"


@pytest.mark.parametrize("forged", ["pickle", "object array", "other shape", "other type"])
def test_a_forged_array_is_never_unpickled_and_never_used(tmp_path: Path, forged: str) -> None:
    """The digest guards the arrays; whoever forges that too still meets an array without objects that must fit."""
    import hashlib

    from blake3 import blake3

    report = run_prepare(tmp_path)
    where = context(tmp_path)
    folder = tmp_path / "out/cache/prepared" / report.digest.removeprefix("sha256:")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    if forged == "pickle":
        import pickle

        (folder / "y.npy").write_bytes(pickle.dumps(Path))
    else:
        arrays = {
            "object array": np.array([Path("/")] * 60, dtype=object),
            "other shape": np.zeros(59, dtype=np.int64),
            "other type": np.zeros(60, dtype=np.float32),
        }
        np.save(folder / "y.npy", arrays[forged], allow_pickle=True)
    content = (folder / "y.npy").read_bytes()
    manifest["labels"] = {"blake3": blake3(content).hexdigest(), "size": len(content)}
    document = json.dumps(manifest).encode()
    digest = f"sha256:{hashlib.sha256(document).hexdigest()}"
    folder.rename(folder.with_name(digest.removeprefix("sha256:")))
    (folder.with_name(digest.removeprefix("sha256:")) / "manifest.json").write_bytes(document)
    with pytest.raises(PreparedCorruptError):
        load_prepared(where.store, "file:out/cache/", digest, where.scratch)
