"""The whole loop with AWS: pods find no room, moto's machines become nodes, cells complete on them, machines go."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from moto import mock_aws

from gridfold.api import labels
from gridfold.domain.capacity.held import EnsureNodes, ReleaseNodes
from gridfold.domain.observed import Waiting
from gridfold_operator.adapters.kubernetes import paths
from tests.contract.aws_worlds import AwsWorld
from tests.contract.capacity_worlds import PROVIDER
from tests.unit.domain.world import World, cell_end, document, job_of

CELLS, CELLS_ON_A_NODE = 10, 2
NO_ROOM = Waiting("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.", CELLS, 30.0)
CELL = {"resources": {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}, "parallelism": CELLS}


@pytest.fixture(autouse=True)
def _no_call_leaves_this_process() -> Iterator[None]:
    with mock_aws():
        yield


class Loop:
    """A job whose cells fit on no node that is there, with a scheduler and kubelets."""

    def __init__(self, most: int) -> None:
        self.aws = AwsWorld(desired=1)
        (self.theirs,) = self.instances()
        self._put_pod("theirs", self.theirs, "other", {})
        self.key = self.aws.create("job")
        grid = [{"C": [float(c) for c in range(1, CELLS + 1)]}]
        raw = document(grid, capacity={"provider": PROVIDER, "maxNodes": most}, execution=CELL)
        self.run = World(job_of({**raw, "metadata": self._job()["metadata"]}))
        self.running: dict[str, list[int]] = {}  #: cells by machine
        self.most = 0  #: machines that were there for the job at a time

    async def turn(self) -> None:
        """Look, decide and act; then have everybody else do his part."""
        self.aws.wait(10)
        capacity, job = self.aws.capacity, self.aws.load(self.key)
        assert job is not None
        self.run.now, self.run.held = self.aws.time, await capacity.observe(job)
        plan = self.run.step()
        match plan.nodes:
            case EnsureNodes():
                await capacity.ensure(job, plan.nodes.nodes)
            case ReleaseNodes():
                await capacity.release(job)
        self.aws.take()
        self.aws.bring(99)
        self.most = max(self.most, len(self.instances()) - 1)
        self._run_pods()

    def _run_pods(self) -> None:
        """Have cells that run end, and others take their place, where there is a node."""
        if any(stage.progress == "active" for stage in self.run.prepares.values()):
            self.run.finish_prepare(CELLS)
        if any(stage.progress == "active" for stage in self.run.refits.values()):
            self.run.finish_refit()
        for name in self.run.waves:
            for cell in [cell for cells in self.running.values() for cell in cells]:
                self.run.end_cell(name, cell, cell_end(cell, 0.5 + cell / 100), good=True)
                self.aws.api.remove(f"{paths.CORE}/pods/cell-{cell}")
            open_cells = sorted(self.run.waves[name].open)
            self.running = {}
            for machine in self.instances():
                if machine != self.theirs:
                    self.running[machine], open_cells = open_cells[:CELLS_ON_A_NODE], open_cells[CELLS_ON_A_NODE:]
            for machine, cells in self.running.items():
                for cell in cells:
                    self._put_pod(f"cell-{cell}", machine, self.key.namespace, {labels.JOB: self.key.name})
            now = frozenset(cell for cells in self.running.values() for cell in cells)
            nodes = frozenset(f"{PROVIDER}-{machine}" for machine, cells in self.running.items() if cells)
            waiting = (replace(NO_ROOM, pods=len(open_cells)),) if open_cells else ()
            self.run.waves[name] = replace(self.run.waves[name], running=now, nodes=nodes, waiting=waiting)

    def instances(self) -> list[str]:
        return sorted(one["InstanceId"] for one in self.aws.group()["Instances"])

    def _job(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = self.aws.api.objects[paths.training_job(self.key.namespace, self.key.name)]
        return found

    def _put_pod(self, name: str, machine: str, namespace: str, marks: dict[str, str]) -> None:
        metadata = {"name": name, "namespace": namespace, "labels": marks}
        pod = {"metadata": metadata, "spec": {"nodeName": f"{PROVIDER}-{machine}"}, "status": {"phase": "Running"}}
        self.aws.api.put(f"{paths.CORE}/pods/{name}", pod)

    @property
    def is_over(self) -> bool:
        held = self.run.held
        return self.run.condition("Complete").startswith("True") and held is not None and not held.anything


@pytest.mark.parametrize(("most", "peak"), [(10, 5), (2, 2)], ids=["all at once", "two nodes at most"])
async def test_cells_complete_on_machines_that_come_for_them_and_go_afterwards(most: int, peak: int) -> None:
    loop = Loop(most)
    for _ in range(30):
        await loop.turn()
        if loop.is_over:
            break
    assert loop.is_over, loop.run.status.conditions
    assert loop.most == peak
    assert loop.run.status.cells is not None
    assert loop.run.status.cells.succeeded == CELLS
    assert loop.run.status.capacity is not None
    assert loop.run.status.capacity.node_hours not in ("", "0")
    assert (loop.instances(), loop.aws.desired(), loop.aws.tags()) == ([loop.theirs], 1, {})
    assert loop.aws.api.of_kind("leases") == {}
