"""What each stage needs follows from execution, and from its own part where it has one."""

from typing import Any

import pytest

from gridfold.api.handoff import Stage
from gridfold.api.v1alpha1 import Execution
from gridfold.domain.stage_needs import timeout_seconds_of


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
