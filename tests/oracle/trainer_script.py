"""The cases of the oracle suite through the product's own stages, as its processes run them.

`trainer_script.py STAGE FOLDER` runs one stage of every case. The runner puts pandas and polars on the path for
prepare and refit only, as the images do.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from gridfold.api.handoff import PreparedRun, StageInput
from gridfold.api.v1alpha1 import Search
from gridfold.domain.grid import cell_count, format_ranges
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_store import FileStore


def spec_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that says what a case of the script says."""
    preprocessing: dict[str, dict[str, str]] = {}
    for name, value in case.get("preprocessing", {}).items():
        kind, step = name.split(".")
        preprocessing.setdefault(kind, {})[step] = value
    dataset = {
        "sources": [{"uri": "file:data.csv"}],
        "csv": {"missingValues": case.get("missing", [])},
        "target": case["target"],
    }
    if "positive" in case:
        dataset["positiveClass"] = str(case["positive"])
    dataset |= {f"{kind}Column": case[kind] for kind in ("group", "time", "fold") if kind in case}
    drawn = {"algorithm": "Random", **case["draw"]} if "draw" in case else {}
    return {
        "dataset": dataset,
        "split": case["split"],
        "estimator": {
            "className": case["estimator"],
            "parameters": case.get("parameters", {}),
            "preprocessing": preprocessing,
        },
        "search": {"grid": case["grid"], **drawn},
        "crossValidation": case["cv"],
        "scoring": {
            "objective": case["objective"],
            "metrics": case["metrics"],
            "average": case["average"],
            **_choice(case),
            "trainScores": case.get("train_scores", False),
        },
        "output": {"uri": "file:out/"},
        **({"learningCurve": {"fractions": case["curve"]}} if "curve" in case else {}),
    }


def _choice(case: dict[str, Any]) -> dict[str, Any]:
    simplest = [{"parameter": name, "prefer": prefer} for name, prefer in case.get("simplest", [])]
    return {"select": "OneStandardError", "simplest": simplest} if simplest else {}


def stage_input(case: dict[str, Any], prepared: dict[str, Any] | None) -> StageInput:
    """Return job.json of a case."""
    spec = spec_of(case)
    cells = range(cell_count(Search.model_validate(spec["search"])))
    return StageInput.model_validate(
        {
            "namespace": "oracle",
            "name": "case",
            "run_digest": "0" * 64,
            "spec": spec,
            "prepared": prepared,
            "cells": format_ranges(cells),
        }
    )


def run_case(stage: str, case: dict[str, Any], folder: Path) -> Any:
    """Run one stage of one case in its folder; what the next stage needs is in a file there."""
    handed_on = folder / "prepared.json"
    prepared = json.loads(handed_on.read_text()) if handed_on.exists() else None
    job = stage_input(case, prepared)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    context = Context(FileStore(folder), scratch, folder)
    if stage == "prepare":
        from gridfold_trainer import prepare

        report = prepare.run(job, context)
        run = PreparedRun(
            digest=report.digest,
            environment=report.environment,
            resolved=report.resolved,
            split_digest=report.dataset.split_digest,
        )
        handed_on.write_text(run.model_dump_json(by_alias=True))
        return report.model_dump(mode="json")
    if stage == "cell":
        from gridfold_trainer import cell

        return [cell.run(job, index, context).model_dump(mode="json") for index in range(cell_count(job.spec.search))]
    if stage == "together":
        return together(job, context)
    if stage == "twins":
        return twins(job, context)
    from gridfold_trainer import refit
    from gridfold_trainer.learning import intervals

    intervals.RESAMPLES = 20  # no interval is compared here, and a thousand draws are half of the suite's time
    report = refit.run(job, context).model_dump(mode="json")
    return {**report, "predictions": predictions(folder, case) if report["best"] is not None else None}


def predictions(folder: Path, case: dict[str, Any]) -> list[Any]:
    """Return what the stored model says about every row of the table, read without Gridfold."""
    import protocol_script

    from gridfold_trainer.outcome.model_file import load_model, trusted_types

    (path,) = folder.glob("out/runs/*/model.skops")
    content = path.read_bytes()
    model = load_model(content, trusted_types(content))
    found: list[Any] = model.predict(protocol_script.read(case)[0]).tolist()
    return found


def together(job: StageInput, context: Context) -> dict[str, Any]:
    """Return which cells have another record when all share what they can, and what they have shared."""
    from gridfold_trainer.after_prepare import load_parts
    from gridfold_trainer.cells.cell import make_cells
    from gridfold_trainer.cells.judging import judge
    from gridfold_trainer.cells.results import load_result
    from gridfold_trainer.learning.training import TrainingRows

    data, parts = load_parts(job, context)
    cells = make_cells(job, range(cell_count(job.spec.search)))
    different, shared = [], set[str]()
    for one, result in judge(job, cells, TrainingRows.of(data, parts.train)):
        alone = load_result(context, job.spec.cache_uri, one.key)
        shared |= {*result.shared}
        if alone is None or any(
            getattr(alone, name) != getattr(result, name)
            for name in ("scores", "train_scores", "outcome", "message", "warnings")
        ):
            different.append(one.index)
    return {"different": different, "shared": sorted(shared)}


def twins(job: StageInput, context: Context) -> list[bool]:
    """Tell of each cell whether its pipeline on codes decides as the one on names, to the last bit.

    Compared are the decision values (else the probabilities) of models fitted on the training part.
    """
    from gridfold_trainer.after_prepare import load_parts
    from gridfold_trainer.cells.cell import make_cells
    from gridfold_trainer.data.prepared import to_frame
    from gridfold_trainer.learning.training import TrainingRows

    data, parts = load_parts(job, context)
    training, frame = TrainingRows.of(data, parts.train), to_frame(data).iloc[parts.train]
    found = []
    for item in make_cells(job, range(cell_count(job.spec.search))):
        on_codes = item.pipeline(data.columns, data.classes, names=False)
        on_names = item.pipeline(data.columns, data.classes, names=True)
        try:
            # Of copies: some estimators write into the rows of a fit.
            mine = decisions(on_codes.fit(training.X.copy(order="K"), training.y), training.X)
            theirs = decisions(on_names.fit(frame.copy(), training.y), frame)
        except (ValueError, NotImplementedError):
            continue  # a cell that fails; how is compared elsewhere
        found.append(mine == theirs)
    return found


def decisions(model: Any, X: Any) -> bytes:
    """Return the bytes of a model's decision values, else of its probabilities, else of its predictions."""
    for name in ("decision_function", "predict_proba"):
        if hasattr(model, name):
            return np.ascontiguousarray(getattr(model, name)(X)).tobytes()
    return np.ascontiguousarray(model.predict(X)).tobytes()


def main(stage: str, folder: Path, part: int, parts: int) -> None:
    """Run one stage of every so many cases, from the part-th on."""
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    done = {}
    for name, case in list(cases.items())[part::parts]:
        done[name] = run_case(stage, case, Path(case["csv"]).parent)
        print(name, file=sys.stderr)
    (folder / f"{stage}-{part}.json").write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    from site_check import check_installed

    check_installed()
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
