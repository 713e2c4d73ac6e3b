"""Runs as the trainer hands them over: status, table and files."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from gridfold.api.answers import CopiesAnswer

MODEL_FILES = ("MLmodel", "model.skops", "requirements.txt", "python_env.yaml")


def status(best: int | None = 0, **changes: Any) -> dict[str, Any]:
    parameters = {"C": 0.5} if best is None else {"C": 0.5 + best}
    return {
        "job": {"namespace": "default", "name": "small", "uid": "", "generation": 1},
        "runDigest": "d" * 64,
        "spec": {
            "dataset": {"sources": [{"uri": "s3://data/adult/train.csv"}]},
            "estimator": {"parameters": {"max_iter": 50, "C": 7}},
        },
        "cells": {"total": 3},
        "dataset": {"digest": f"sha256:{'da' * 32}", "splitDigest": "sha256:split", "rows": 120, "columns": 3},
        "estimator": "sklearn.linear_model.LogisticRegression",
        "objective": "f1",
        "best": None if best is None else {"cell": best, "parameters": parameters},
        "selection": {"honest": {"score": 0.71}},
        "validation": {} if best is None else {"f1": 0.75, "roc_auc": None},
        "test": {
            "scores": {} if best is None else {"f1": 0.7},
            "intervals": {} if best is None else {"f1": [0.6, 0.8]},
            "openings": 1,
        },
        "headline": "",
        "notes": ["two classes are rare"],
        "versions": {"gridfold": "0.1.0"},
        **changes,
    }


def row(index: int, scores: list[float | None], rank: int, **changes: str) -> dict[str, str]:
    known = [score for score in scores if score is not None]
    mean = sum(known) / len(known) if len(known) == len(scores) else None
    folds = {f"split{fold}_test_f1": "" if score is None else repr(score) for fold, score in enumerate(scores)}
    return {
        "index": str(index),
        "mean_fit_time": "0.25",
        "param_C": str(0.5 + index),
        "params": json.dumps({"C": 0.5 + index}),
        **folds,
        "mean_test_f1": "" if mean is None else repr(mean),
        "std_test_f1": "" if mean is None else "0.01",
        "rank_test_f1": str(rank),
        "outcome": "succeeded" if mean is not None else "failed",
        **changes,
    }


ROWS = [row(0, [0.5, 1.0], 1), row(1, [0.5, 0.75], 2), row(2, [0.5, None], 3)]


def table(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_run(
    folder: Path, document: dict[str, Any], rows: list[dict[str, str]], *, model: bool = True
) -> CopiesAnswer:
    """Write the files of a run, and return what the trainer says of them."""
    content = json.dumps(document)
    texts = {"status.json": content, "results.csv": table(rows), "report.html": "<page>"}
    texts |= {name: f"the {name}" for name in MODEL_FILES} if model else {}
    for name, text in texts.items():
        (folder / name).write_text(text)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return CopiesAnswer(
        run="file:results/runs/1-0a1b2c3d/", status=document, status_sha256=digest, summary="it went well"
    )
