"""What each stage needs follows from execution, and from its own part where it has one."""

from typing import Any

import pytest

from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import Execution
from gridfold.domain.ends import Memory, cause_of
from gridfold.domain.observed import ProcessEnd
from gridfold.domain.stage_needs import timeout_seconds_of
from tests.unit.domain.world import document, job_of


@pytest.mark.parametrize(
    ("execution", "seconds"),
    [
        ({}, (21600, 3600, 21600)),
        ({"cellTimeoutSeconds": 20000}, (21600, 20000, 40000)),
        ({"cellTimeoutSeconds": 20000, "refit": {"timeoutSeconds": 60}}, (21600, 20000, 60)),
        ({"prepare": {"timeoutSeconds": 86400}}, (86400, 3600, 21600)),
    ],
)
def test_every_stage_has_a_deadline(execution: dict[str, Any], seconds: tuple[int, int, int]) -> None:
    spec = Execution.model_validate(execution)
    assert tuple(timeout_seconds_of(spec, stage) for stage in (Stage.PREPARE, Stage.CELL, Stage.REFIT)) == seconds


@pytest.mark.parametrize(
    "words",
    [
        'Usage of EmptyDir volume "scratch" exceeds the limit "2Gi". ',
        "Pod ephemeral local storage usage exceeds the total limit of containers 2Gi. ",
        'Container trainer exceeded its local ephemeral storage limit "2Gi". ',
    ],
)
def test_a_pod_that_was_evicted_for_its_temporary_files_is_told_which_field_to_raise(words: str) -> None:
    resources = {"resources": {"limits": {"ephemeral-storage": "2Gi"}}}
    spec = job_of(document(execution={"prepare": resources})).spec
    cause = cause_of(ProcessEnd(137, "Evicted", words), spec, Memory(Stage.PREPARE))
    assert (cause.reason, cause.retryable) == ("ScratchTooSmall", False)
    advice = "raise spec.execution.prepare.resources.limits.ephemeral-storage, 2Gi, or use less data"
    assert cause.message == f"the pod was evicted: {words.strip()} {advice}"
