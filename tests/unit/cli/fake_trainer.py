"""A trainer that computes nothing: it behaves as spec.estimator.parameters say, and starts in no time.

It is run as a program with the arguments of `python -m gridfold_trainer`, and uses nothing of the project.
"""

import json
import os
import sys
import time
from pathlib import Path

METRICS = ("accuracy", "precision", "recall", "f1")


def main() -> int:
    stage, job_file = sys.argv[1], Path(sys.argv[3])
    index = int(sys.argv[5]) if len(sys.argv) > 4 else None
    job = json.loads(job_file.read_text())
    orders = job["spec"]["estimator"].get("parameters", {})
    report, code = {"prepare": prepare, "cell": cell, "refit": refit}[stage](job, orders, index)
    Path(os.environ["GRIDFOLD_TERMINATION_LOG"]).write_text(json.dumps(report))
    return code


def prepare(job: dict, orders: dict, index: int | None) -> tuple[dict, int]:
    if orders.get("prepare") == "fails":
        return {"kind": "failure", "reason": "ObjectMissing", "message": "data.csv does not exist."}, 10
    dataset = {"rows": 100, "columns": 4, "digest": "sha256:1", "splitDigest": "sha256:2"}
    total = len(job["spec"]["search"]["grid"][0]["C"])
    return {"kind": "prepare", "digest": "d", "environment": "e", "dataset": dataset, "resolved": {}, "total": total}, 0


def cell(job: dict, orders: dict, index: int | None) -> tuple[dict, int]:
    if orders.get("cells") == "fail":
        return {"kind": "cell", "cell": index, "key": f"k{index}", "outcome": "failed", "message": "singular"}, 12
    if orders.get("cells") == "stay":
        time.sleep(600)
    scores = {name: [0.5 + index / 100, 0.01] for name in METRICS}
    return {"kind": "cell", "cell": index, "key": f"k{index}", "outcome": "succeeded", "scores": scores}, 0


def refit(job: dict, orders: dict, index: int | None) -> tuple[dict, int]:
    total = len(job["spec"]["search"]["grid"][0]["C"])
    scores = {name: [0.5 + (total - 1) / 100, 0.01] for name in METRICS}
    plain = dict.fromkeys(scores, 0.875)
    failed = len(job.get("failed", []))
    best = None if failed == total else total - 1
    uri = f"{job['spec']['output']['uri']}runs/1-00000000/"
    board = [] if best is None else [{"cell": best, "scores": scores}]
    return {
        "kind": "refit", "best": best, "leaderboard": board, "validation": plain, "test": plain,
        "succeeded": total - failed, "infeasible": 0, "failed": failed, "resultsUri": uri,
        "resultsSha256": "0" * 64, "message": "no cell has a score" if best is None else "",
    }, 0  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
