"""The same rows are the same data set, however they are cut, compressed and read."""

import csv
import gzip
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import PrepareReport
from gridfold_trainer import prepare
from gridfold_trainer.data import contents
from gridfold_trainer.data.prepared import load_prepared
from tests.unit.trainer.data_jobs import context, stage_input

pytestmark = pytest.mark.usefixtures("frames")

Row = dict[str, str]
#: Of numbers, the spelling counts: "-1" means that there is no value, and "-1.0" is one.
MISSING = ("", "?", "-1")
OWN = {"own": ["0"]}
DROPPING = {"dropDuplicateRows": True, "dropConstantColumns": True, "dropColumnsMissingAbove": 90}


def table() -> list[Row]:
    """Rows with holes, equal rows far apart, rows without target, and a text where there were only numbers."""
    random = np.random.default_rng(5)
    rows = [
        {
            "number": "" if random.random() < 0.1 else repr(float(random.normal())),
            "empty": "",
            "late": str(random.integers(0, 9)),
            "same": ("7", "7.0", " 7")[number % 3],
            "text": ("", "a", "b, c", '"q"', " d ")[random.integers(0, 5)],
            "whole": str(random.integers(-5, 5)),
            "minus": ("-1", "-1.0", "3", "-1.00", "-01")[random.integers(0, 5)] if number > 20 else "8",
            "own": ("0", "0.0", "2", "?")[random.integers(0, 4 if number > 200 else 3)],
            "y": ("no", "yes", "")[random.choice(3, p=[0.5, 0.4, 0.1])],
        }
        for number in range(400)
    ]
    rows[-3]["late"] = "oops"
    return [*rows, *rows[50:90], *rows[:3]]


def written(rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def forms(rows: list[Row]) -> dict[str, dict[str, bytes]]:
    """Return the objects of each form, by name."""
    return {
        "whole": {"rows.csv": written(rows)},
        "gzip": {"rows.csv.gz": gzip.compress(written(rows), mtime=0)},
        "parts": {"p0.csv": written(rows[:150]), "p1.csv": written(rows[150:151]), "p2.csv": written(rows[151:])},
    }


def prepared(folder: Path, objects: dict[str, bytes], cleaning: dict[str, Any]) -> PrepareReport:
    folder.mkdir()
    for name, content in objects.items():
        (folder / name).write_bytes(content)
    sources = [{"uri": f"file:{name}"} for name in objects]
    csv = {"missingValues": ["?", " -1"]}
    dataset = {"sources": sources, "csv": csv, "columnMissingValues": OWN}
    return prepare.run(stage_input(dataset=dataset, cleaning=cleaning), context(folder))


def expected(rows: list[Row], *, dropping: bool) -> dict[str, list[float]]:
    """Return the columns of X by the protocol, in plain Python."""
    stripped = [{name: text.strip() for name, text in row.items()} for row in rows]
    trimmed = [
        {name: "" if text in (*MISSING, *OWN.get(name, ())) else text for name, text in row.items()} for row in stripped
    ]
    trimmed = [row for row in trimmed if row["y"]]
    if dropping:
        trimmed = list({tuple(row.items()): row for row in trimmed}.values())  # the first of equals
    columns = {}
    for name in [name for name in trimmed[0] if name != "y" and not (dropping and name in {"empty", "same"})]:
        texts = [row[name] for row in trimmed]
        if name in {"late", "text"}:
            categories = sorted(set(texts) - {""})
            columns[name] = [float(categories.index(text)) if text else math.nan for text in texts]
        else:
            columns[name] = [float(text) if text else math.nan for text in texts]
    return columns


@pytest.mark.parametrize("cleaning", [{}, DROPPING], ids=["as it is", "dropping"])
def test_rows_are_the_same_data_set_in_whatever_pieces_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cleaning: dict[str, Any]
) -> None:
    rows = table()
    digests = {}
    for size in (2**20, 300, 40):
        monkeypatch.setattr(contents, "PIECE_BYTES", size)
        for form, objects in forms(rows).items():
            digests[size, form] = prepared(tmp_path / f"{form}-{size}", objects, cleaning).digest
    assert set(digests.values()) == {digests[2**20, "whole"]}
    where = context(tmp_path / "gzip-40")
    data = load_prepared(where.store, "file:out/cache/", digests[40, "gzip"], where.scratch)
    columns = expected(rows, dropping=bool(cleaning))
    assert [column.name for column in data.columns] == list(columns)
    for column, values in zip(data.X.T, columns.values(), strict=True):
        np.testing.assert_array_equal(column, values)
