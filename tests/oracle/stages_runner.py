"""Run all stages of `FOLDER/*/document.json`, a TrainingJob each, in one process, as `gridfold run` in several."""

import json
import sys
from pathlib import Path
from typing import Any

from gridfold.api.handoff import PreparedRun, StageInput
from gridfold.api.v1alpha1 import Search
from gridfold.domain.grid import cell_count, format_ranges
from gridfold_trainer import cell, prepare, refit
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_store import FileStore


def run(spec: dict[str, Any], folder: Path) -> None:
    """Run prepare, every cell and refit in the job's folder."""
    scratch = folder / "scratch"
    scratch.mkdir()
    context = Context(FileStore(folder), scratch, folder)
    cells = cell_count(Search.model_validate(spec["search"]))
    facts = {"namespace": "oracle", "name": "case", "run_digest": "0" * 64, "spec": spec}
    job = StageInput.model_validate({**facts, "cells": format_ranges(range(cells))})
    found = prepare.run(job, context)
    prepared = PreparedRun(
        digest=found.digest,
        environment=found.environment,
        resolved=found.resolved,
        split_digest=found.dataset.split_digest,
    )
    job = job.model_copy(update={"prepared": prepared})
    for index in range(cells):
        cell.run(job, index, context)
    refit.run(job, context)


if __name__ == "__main__":
    from site_check import check_installed

    check_installed()
    for path in sorted(Path(sys.argv[1]).glob("*/document.json")):
        run(json.loads(path.read_text(encoding="utf-8"))["spec"], path.parent)
        print(path.parent.name, file=sys.stderr)
