"""Digests: what determines a number, and what determines a run."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

from gridfold.api.handoff import PreparedRun
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import AVERAGED, PROBABILITY, RANKING, Average, TrainingJobSpec
from gridfold.domain.grid import PREPROCESSING, Parameters, plain_value

#: Changes whenever the way a cell's numbers are computed or stored changes.
RESULT_FORMAT = 2  #: 2: a result carries the digest of its content


def digest(value: Any) -> str:
    """Return the SHA-256, in hexadecimal, of a value's canonical JSON (1 and 1.0 differ)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()


def run_digest(uid: str, spec: TrainingJobSpec) -> str:
    """Return the digest of what determines a run's results."""
    return digest({"uid": uid, "spec": run_document(spec)})


def run_document(spec: TrainingJobSpec) -> dict[str, Any]:
    """Return what of a spec determines a run's results.

    Parallelism, retries, resources, targets and the like are no part of it: to edit them does not start a new run.
    """
    document = spec.document()
    for name in ("storage", "execution", "suspend", "retry", "capacity"):
        document.pop(name)
    document["search"].pop("maxCells")
    document["scoring"].pop("targets")
    if not spec.scoring.simplest:  # as it was before there was a choice
        document["scoring"].pop("select")
        document["scoring"].pop("simplest")
    if not spec.scoring.train_scores:
        document["scoring"].pop("trainScores")
    document["threads"] = spec.execution.threads
    return document


def attempt_digest(spec: TrainingJobSpec) -> str:
    """Return the digest of what can make a failed run succeed without another result: whose edit tries it again.

    Only what is not the default counts: else each field that a newer version brings would be an edit of every job.
    """
    storage = spec.storage.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    execution = spec.execution.model_dump(
        mode="json",
        by_alias=True,
        exclude_none=True,
        exclude_defaults=True,
        exclude={"parallelism", "ttl_seconds_after_finished"},
    )
    return digest({"storage": storage, "execution": execution, "retry": spec.retry})


def cell_parameters(spec: TrainingJobSpec, prepared: PreparedRun, parameters: Parameters) -> dict[str, Any]:
    """Return what the estimator is built with: fixed parameters, the cell's, random_state where left open."""
    merged = {name: plain_value(value) for name, value in spec.estimator.parameters.items()}
    merged.update({name: value for name, value in parameters.items() if not name.startswith(PREPROCESSING)})
    if prepared.resolved.random_state is not None:
        merged.setdefault("random_state", prepared.resolved.random_state)
    return merged


def cell_preprocessing(spec: TrainingJobSpec, parameters: Parameters) -> dict[str, dict[str, str]]:
    """Return the preprocessing of a cell: {"numeric": {"impute": …, "scale": …}, "categorical": {…}}."""
    document: dict[str, dict[str, str]] = spec.estimator.preprocessing.document()
    merged = {kind: dict(steps) for kind, steps in document.items()}
    for name, value in parameters.items():
        if name.startswith(PREPROCESSING):
            _, kind, step = name.split(".")
            merged[kind][step] = value
    return merged


class CellKeys:
    """The keys of a run's cells. A key is the digest of all that determines a cell's numbers.

    Data, parts, folds, pipeline, parameters, metrics, threads and the environment (versions) are in it; where the
    cell runs, for how long, and how the job is called are not.
    """

    def __init__(self, spec: TrainingJobSpec, prepared: PreparedRun) -> None:
        self._spec, self._prepared = spec, prepared
        resolved = prepared.resolved
        self._context: Mapping[str, Any] = {
            "format": RESULT_FORMAT,
            "environment": prepared.environment,
            "data": prepared.digest,
            "split": prepared.split_digest,
            "crossValidation": {
                "method": resolved.cross_validation,
                "folds": spec.cross_validation.folds,
                "repeats": spec.cross_validation.repeats,
                "seed": spec.cross_validation.seed,
                **_time_folds(spec),
            },
            "estimator": spec.estimator.class_name,
            "metrics": sorted(resolved.metrics),
            **_order_of(resolved),
            **({"trainScores": True} if spec.scoring.train_scores else {}),
            "average": resolved.average,
            "positiveClass": resolved.positive_class,
            "threads": spec.execution.threads,
        }

    def key(self, parameters: Parameters) -> str:
        """Return the key of the cell with these parameters."""
        return digest(
            {
                **self._context,
                "parameters": cell_parameters(self._spec, self._prepared, parameters),
                "preprocessing": cell_preprocessing(self._spec, parameters),
            }
        )


def _time_folds(spec: TrainingJobSpec) -> dict[str, int]:
    """Return what determines time folds beside their number, where it is not what it always was."""
    found = {"gap": spec.cross_validation.gap, "maxTrainSize": spec.cross_validation.max_train_size}
    return {name: rows for name, rows in found.items() if rows}


def _order_of(resolved: Resolved) -> Mapping[str, Any]:
    """Return what the order of the metrics determines: nothing, unless one about a class comes before one about none.

    GridSearchCV asks a model once for all metrics that need the same answer. Where a model has never seen the class,
    the first of them decides whether those about the class have a value (`gridfold_trainer.learning.answers`).
    """
    ranked = [metric for metric in resolved.metrics if metric in (*RANKING, *PROBABILITY)]
    predicted = [metric for metric in resolved.metrics if metric not in ranked]
    about_class = AVERAGED if resolved.average == Average.BINARY else ()
    early = [*takewhile(lambda metric: metric in about_class, predicted)]
    found: dict[str, Any] = {}
    if 0 < len(early) < len(predicted):
        found["predictedFirst"] = sorted(early)
    if "average_precision" in ranked and ranked != sorted(ranked) and resolved.positive_class is not None:
        found["ranked"] = ranked
    return found


def run_folder(output_uri: str, uid: str, generation: int, keys: Iterable[str]) -> str:
    """Return the folder of a run's results: runs/<generation>-<digest of uid and the ordered cell keys>/."""
    return f"{output_uri}runs/{generation}-{digest({'uid': uid, 'cells': list(keys)})[:8]}/"
