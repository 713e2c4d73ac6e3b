"""Jobs, tables and surroundings for the tests of the trainer's data half."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridfold.api.handoff import PrepareReport, StageInput
from gridfold.api.v1alpha1 import Storage
from gridfold.api.validation import parse_training_job
from gridfold_trainer import prepare
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_store import FileStore
from gridfold_trainer.storage.opening import SourceStores, StoreAccess

#: A table of 60 rows that a job with all defaults accepts: two numbers, a text, two classes.
TABLE = "age,height,colour,y\n" + "".join(
    f"{20 + number % 37},{1.5 + number % 11 / 20},{('red', 'green', 'blue')[number % 3]},{('no', 'yes')[number % 2]}\n"
    for number in range(60)
)


def stage_input(**changes: Mapping[str, Any]) -> StageInput:
    """Return job.json of prepare; each keyword is a part of the spec, merged into the defaults below."""
    spec: dict[str, Any] = {
        "dataset": {"sources": [{"uri": "file:data.csv"}], "target": "y"},
        "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
        "search": {"grid": [{"C": [0.5, 1.5]}]},
        "output": {"uri": "file:out/"},
    }
    for name, part in changes.items():
        spec[name] = {**spec.get(name, {}), **part}
    job = parse_training_job(
        {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "job"}, "spec": spec},
        estimator_prefixes=["acme_models", "sklearn"],  # any name: the trainer relies on no check but its own
    )
    return StageInput(namespace="default", name="job", run_digest="0" * 64, spec=job.spec)


def context(folder: Path) -> Context:
    """Return surroundings with file: URIs below a folder."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    store = FileStore(folder)
    access = StoreAccess.of_environment(os.environ, folder)
    return Context(store, scratch, folder, SourceStores(Storage(), store, access), access.source_bytes)


def run_prepare(folder: Path, table: str | bytes = TABLE, **changes: Mapping[str, Any]) -> PrepareReport:
    """Run prepare on one table."""
    (folder / "data.csv").write_bytes(table.encode() if isinstance(table, str) else table)
    return prepare.run(stage_input(**changes), context(folder))
