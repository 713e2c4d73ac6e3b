"""Jobs for the tests of the command line."""

from collections.abc import Mapping
from typing import Any

from gridfold.api.handoff import Stage, StageInput
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import parse_training_job
from gridfold.domain.groups import Groups, alone, format_groups
from gridfold.domain.plan import StartStage, StartWave


def document(cells: int = 3, **execution: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": "small"},
        "spec": {
            "dataset": {"sources": [{"uri": "file:data.csv"}], "target": "y"},
            "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
            "search": {"grid": [{"C": [0.5 + cell for cell in range(cells)]}]},
            "execution": dict(execution),
            "output": {"uri": "file:results/"},
        },
    }


def training_job(cells: int = 3, **execution: Any) -> TrainingJob:
    return parse_training_job(document(cells, **execution))


def with_spec(source: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    """Return a document with some sections of its spec replaced."""
    return {**source, "spec": {**source["spec"], **sections}}


def stage_input(job: TrainingJob, cells: str = "") -> StageInput:
    return StageInput(namespace="default", name=job.metadata.name, run_digest="d" * 64, spec=job.spec, cells=cells)


def start_prepare(job: TrainingJob, name: str = "small-prepare") -> StartStage:
    return StartStage(Stage.PREPARE, name, stage_input(job))


def start_wave(job: TrainingJob, cells: tuple[int, ...] = (0, 1, 2), parallelism: int = 20) -> StartWave:
    return start_groups(job, alone(cells), parallelism)


def start_groups(job: TrainingJob, groups: Groups, parallelism: int = 20) -> StartWave:
    return StartWave("small-w0", 0, groups, parallelism, stage_input(job, format_groups(groups)))
