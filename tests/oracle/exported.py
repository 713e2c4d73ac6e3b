"""The scripts of `gridfold export`, made in one process: a command of its own for each of many is slow.

`exported.py FOLDER`: of every FOLDER/*/document.json, as export.py beside it.
"""

import json
import sys
from pathlib import Path

from gridfold.api.handoff import StageInput
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import parse_training_job
from gridfold_export import export_script
from gridfold_trainer import inspection

DOCUMENT, SCRIPT = "document.json", "export.py"


def script_of(job: TrainingJob) -> str:
    """Return what the command prints."""
    asked = StageInput(namespace="default", name=job.metadata.name, run_digest="0" * 64, spec=job.spec)
    return export_script(job.metadata.name, job.spec, inspection.estimator(asked))


if __name__ == "__main__":
    from site_check import check_installed

    check_installed()
    for path in sorted(Path(sys.argv[1]).glob(f"*/{DOCUMENT}")):
        job = parse_training_job(json.loads(path.read_text(encoding="utf-8")), ["lightgbm", "xgboost"])
        path.with_name(SCRIPT).write_text(script_of(job), encoding="utf-8")
