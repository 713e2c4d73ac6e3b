"""The program on a model card, typed by somebody who has only the card, the model file and raw rows."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold_trainer.data.raw_rows import reading_code
from tests.oracle.conftest import FRAMES

CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
#: Holes and text, markers and numeric labels, numbers, groups, times, classes written in several ways.
NAMES = [
    "hist-gradient-boosting-mixed",
    "categories-left-missing",
    "horse-colic.csv",
    "regression-boosting-mixed",
    "groups-by-word-stratified",
    "time-by-date",
    "many-classes-sgd",
]


def run(code: str, folder: Path) -> Any:
    """Run a program in a fresh process that has pandas and skops but not Gridfold's folders."""
    environment = {**os.environ, "PYTHONPATH": str(FRAMES), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.replace("'", '"'))


@pytest.mark.parametrize("case_name", NAMES, indirect=True)
def test_the_program_predicts_original_labels_from_raw_rows(
    case_name: str, script: dict[str, Any], product: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    (card,) = (folder / case_name).glob("out/runs/*/model-card.md")
    shutil.copy(card.with_name("model.skops"), tmp_path)
    shutil.copy(folder / case_name / "data.csv", tmp_path / "rows.csv")
    (code,) = CODE.findall(card.read_text(encoding="utf-8"))
    assert "gridfold" not in code
    assert run(code, tmp_path) == script[case_name]["predictions"]


@pytest.mark.parametrize("case_name", NAMES, indirect=True)
def test_the_card_trusts_types_of_numpy_and_scikit_learn_only_and_names_scores_and_digests(
    case_name: str, product: dict[str, Any], folder: Path
) -> None:
    (path,) = (folder / case_name).glob("out/runs/*/status.json")
    status = json.loads(path.read_text(encoding="utf-8"))
    card = path.with_name("model-card.md").read_text(encoding="utf-8")
    assert all(name.startswith(("numpy.", "sklearn.")) for name in status["trustedTypes"])
    assert all(f"- `{name}`" in card for name in status["trustedTypes"])
    assert status["dataset"]["digest"] in card
    assert status["dataset"]["splitDigest"] in card
    assert all(f"| {metric} " in card for metric in status["test"]["scores"])
    assert all(f"| {name} | {version} |" in card for name, version in status["versions"].items())


def spec_of(uri: str, **csv: Any) -> TrainingJobSpec:
    return TrainingJobSpec.model_validate(
        {
            "dataset": {"sources": [{"uri": uri}], "target": "y", "csv": csv},
            "estimator": {"className": "sklearn.svm.SVC"},
            "search": {"grid": [{"C": [1]}]},
            "output": {"uri": "file:out/"},
        }
    )


ROWS = [["1", "a b"], ["", "NA"], ["-2.50", "ä;c"]]


@pytest.mark.parametrize(
    ("spec", "name", "content"),
    [
        (spec_of("file:x.csv"), "rows.csv", "x,y\n1,a b\n,NA\n-2.50,ä;c\n".encode()),
        (spec_of("file:x.csv", delimiter=";"), "rows.csv", 'x;y\n1;a b\n;NA\n-2.50;"ä;c"\n'.encode()),
        (
            spec_of("s3://b/x", header=False, columnNames=["x", "y"], encoding="Latin1", quoteCharacter="'"),
            "rows.csv",
            "1,a b\n,NA\n-2.50,'ä;c'\n".encode("latin-1"),
        ),
        (
            spec_of("https://h/x.jsonl.gz"),
            "rows.jsonl",
            '{"x": 1, "y": "a b"}\n\n{"x": null, "y": "NA"}\n{"y": "ä;c", "x": -2.50}\n'.encode(),
        ),
    ],
)
def test_raw_rows_are_read_as_texts_exactly_as_they_are_written(
    spec: TrainingJobSpec, name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    show = "\nimport json\nprint(json.dumps([raw.columns.tolist(), *raw.values.tolist()]))"
    assert run(f"import pandas as pd\n{reading_code(spec)}{show}", tmp_path) == [["x", "y"], *ROWS]


@pytest.mark.parametrize("uri", ["file:x.parquet", "https://h/x.PQ?token=a.csv"])
def test_values_of_parquet_become_texts_as_in_prepare(uri: str, tmp_path: Path) -> None:
    make = (
        "import datetime, polars as pl\npl.DataFrame({'x': [True, None], 'y': [1.5, float('nan')], 'z': ['a', None], "
        "'i': [1, None], 'f': pl.Series([0.1, 2], dtype=pl.Float32), 't': [datetime.datetime(2024, 5, 31, 12), None]})"
    )
    show = "\nimport json\nprint(json.dumps(raw.values.tolist()))"
    code = (
        f"import pandas as pd\ncolumns = None\n{make}.write_parquet('rows.parquet')\n{reading_code(spec_of(uri))}{show}"
    )
    assert run(code, tmp_path) == [
        ["1", "1.5", "a", "1", "0.10000000149011612", "2024-05-31 12:00:00.000000"],
        ["", "", "", "", "2.0", ""],
    ]
