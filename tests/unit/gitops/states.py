"""TrainingJobs in every state, with the statuses that `decide` gives them, and with those that a cluster has had."""

import json
from pathlib import Path
from typing import Any

from gridfold.domain.conditions import format_time
from gridfold.domain.interrupted import stalled
from tests.unit.domain.world import World, cell_end, document, job_of

Document = dict[str, Any]
RECORDED = Path(__file__).parents[1] / "operator/recorded"
TARGETS = {"scoring": {"metrics": ["f1"], "targets": {"f1": 0.99}}}


def told(world: World) -> Document:
    """Return the resource as the API server would hold it."""
    spec = world.job.model_dump(by_alias=True, mode="json", exclude_none=True)["spec"]
    metadata = {"name": "job", "namespace": "team", "generation": world.job.metadata.generation}
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {**metadata, "creationTimestamp": format_time(world.now)},
        "spec": spec,
        "status": world.status.document(),
    }


def recorded() -> dict[str, Document]:
    """Return the jobs as earlier operators have left them on a cluster, by folder and state."""
    return {
        f"{file.parent.name} {file.stem.capitalize()}": json.loads(file.read_text("utf-8"))["job"]
        for file in sorted(RECORDED.glob("*/*.json"))
    }


def every_state() -> dict[str, Document]:
    """Return a job in each state, by a name of it."""
    found: dict[str, Document] = {}
    world = World(job_of(document()))
    found["New"] = told(world)
    world.step()
    found["Preparing"] = told(world)
    world.finish_prepare(3)
    world.step()
    world.step()
    found["Running"] = told(world)
    world.edit(document(suspend=True))
    found["Edited"] = told(world)
    world.step()
    world.step()
    found["Suspended"] = told(world)
    world.edit(document())
    world.step()
    wave = next(reversed(world.waves))
    for cell in range(3):
        world.end_cell(wave, cell, cell_end(cell, 0.5 + cell / 10), good=True)
    world.step()
    world.step()
    found["Refitting"] = told(world)
    world.finish_refit()
    world.step()
    found["Complete"] = told(world)
    world.status = stalled(world.observe(), KeyError("x")).status
    found["Stalled"] = told(world)
    world = World(job_of(document()))
    world.step()
    world.fail_prepare("ColumnMissing", "column y is missing; expected one of a, b")
    world.step()
    found["Failed"] = told(world)
    return found
