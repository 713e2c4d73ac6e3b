"""spec.capacity with the real Karpenter and its simulated machines: nodes come for cells, and all of them go again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridfold.api import labels
from gridfold.api.validation import parse_training_job
from gridfold_cli.commands.planned_nodes import Platform, Work, describe_nodes
from gridfold_cli.reading.platform import load_providers
from tests.cluster.installation import OPERATORS, chart_values, installed, make_namespace
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.e2e.own_nodes import CELLS, GROUP, KARPENTER, PROVIDER, STATIC, OwnNodes, static_pool
from tests.testbed.karpenter import running_karpenter
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def own_nodes(testbed: Cluster, images: dict[str, str], session_bucket: Bucket) -> Iterator[OwnNodes]:
    """The jobs of an operator that may ask Karpenter; a record of nodes expires as soon as it may."""
    bed = testbed.require_own()
    namespace = make_namespace(testbed.kubectl, "e2e")
    capacity = {"providers": [KARPENTER, GROUP], "leaseSeconds": 60, "reaper": {"schedule": "* * * * *"}}
    try:
        with (
            running_karpenter(bed, pool=None),
            installed(testbed, chart_values(images, (namespace,), capacity=capacity)) as installation,
        ):
            made = ClusterJobs(testbed, namespace, session_bucket, installation)
            made.add_credentials()
            yield OwnNodes(made)
            made.delete(*made.names)
    finally:
        testbed.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture(scope="module")
def cells(own_nodes: OwnNodes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the results of the cells, which are the same in all of these jobs."""
    found = own_nodes.compute(own_nodes.manifest("computed"), tmp_path_factory.mktemp("computed"))
    assert len(found) == CELLS
    return found


def test_cells_without_room_get_nodes_complete_on_them_and_hand_them_back(
    own_nodes: OwnNodes, cells: dict[str, bytes]
) -> None:
    jobs = own_nodes.jobs
    name = jobs.apply(own_nodes.manifest("own"))
    jobs.wait(name, "is prepared", lambda s: condition(s, "DatasetReady")["status"] == "True")
    own_nodes.store(name, cells)
    status = jobs.wait_until_it_ends(name)

    assert condition(status, "Complete")["status"] == "True", status
    assert status["cells"]["succeeded"] + status["cells"]["cached"] == CELLS, "the real node may have run one or two"
    real = jobs.testbed.require_own().instance().node_name
    nodes = {pod["spec"]["nodeName"] for pod in jobs.children("pods", name, "cell")}
    # Simulated cells end at once and leave their place to others: how many nodes are used is chance.
    assert 1 <= len(nodes - {real}) <= 6
    own_nodes.wait_until_nothing_is_held()
    after = jobs.wait(name, "holds nothing", lambda s: s["capacity"]["requestedNodes"] == 0)
    assert after["capacity"]["readyNodes"] == 0
    assert after["state"] == "Complete"
    (asked,) = [event for event in jobs.events(name) if event["reason"] == "NodesRequested"][:1]
    assert asked["type"] == "Normal"
    number = re.search(f"asked {PROVIDER} for ([0-9]+) nodes?", asked["note"])
    assert number, asked["note"]
    assert 1 <= int(number[1]) <= 6, "40 cells, 7 on a node, some of which have not waited for long enough perhaps"
    told: dict[str, float] = {}

    def still_told() -> str | None:
        lines = (line.split() for line in own_nodes.metrics().splitlines() if line.startswith("gridfold_"))
        told.update((series, float(value)) for series, value in lines)
        number = told[f'gridfold_capacity_requested_nodes{{provider="{PROVIDER}"}}']
        return f"{number} are." if number else None

    wait_until(still_told, timeout_seconds=60, what="No node is told as requested", every_seconds=0.3)
    assert told[f'gridfold_capacity_node_seconds_total{{provider="{PROVIDER}"}}'] > 5
    assert told['gridfold_reconcile_duration_seconds_count{result="exception"}'] == 0


def test_a_plan_tells_the_nodes_that_are_asked_for_by_the_settings_of_the_operator(
    own_nodes: OwnNodes, tmp_path: Path
) -> None:
    platform = own_nodes.settings(tmp_path)
    spec = parse_training_job(own_nodes.manifest("planned")).spec
    told = dict(describe_nodes(spec, Work(CELLS), Platform(load_providers(platform), platform)))
    assert told["Nodes"].startswith(
        f"at most 6 of {PROVIDER}, without other room in the cluster: {CELLS} cells at a time"
    )


def test_a_job_that_is_deleted_while_nodes_come_hands_all_of_them_back_and_goes(own_nodes: OwnNodes) -> None:
    jobs = own_nodes.jobs
    name = jobs.apply(own_nodes.manifest("deleted"))
    own_nodes.wait_until_held("pools", "claims", "leases", "jobs")
    jobs.delete(name)
    own_nodes.wait_until_nothing_is_held(30)
    assert not jobs.children("jobs", name)
    found = jobs.kubectl.get("trainingjobs", "--namespace", jobs.namespace)["items"]
    assert name not in {job["metadata"]["name"] for job in found}


def test_the_reaper_alone_hands_back_what_an_operator_that_is_gone_has_left(
    own_nodes: OwnNodes, cells: dict[str, bytes]
) -> None:
    jobs, operator = own_nodes.jobs, own_nodes.jobs.operator
    name = jobs.apply(own_nodes.manifest("reaped"))
    jobs.wait(name, "is prepared", lambda s: condition(s, "DatasetReady")["status"] == "True")
    own_nodes.store(name, cells)  # so that refit finds them, should the wave end before the operator
    own_nodes.wait_until_held("pools", "claims", "leases", "jobs")
    scale = ("scale", "deployment/gridfold", "--namespace", operator.namespace)
    jobs.kubectl(*scale, "--replicas=0")
    try:
        # What is gone renews nothing; so its records may as well be older than they are.
        where = (f"--selector={OPERATORS}", "--namespace", operator.namespace)
        jobs.kubectl("wait", "--for=delete", "pod", *where, "--timeout=60s")
        own_nodes.let_records_expire()
        own_nodes.reap()
        own_nodes.wait_until_nothing_is_held()
    finally:
        jobs.kubectl(*scale, "--replicas=1")
    operator.wait_until_ready()
    assert condition(jobs.wait_until_it_ends(name), "Complete")["status"] == "True"
    own_nodes.wait_until_nothing_is_held()
    own_nodes.wait_until_the_reaper_has_looked_by_itself()


def test_why_karpenter_makes_no_machine_is_told_in_its_own_words(own_nodes: OwnNodes) -> None:
    jobs = own_nodes.jobs
    manifest = own_nodes.manifest("incompatible")
    manifest["spec"]["execution"]["template"] = {"nodeSelector": {"karpenter.kwok.sh/instance-cpu": "96"}}
    name = jobs.apply(manifest)
    status = jobs.wait(name, "is told", lambda s: "Karpenter" in condition(s, "CapacityReady").get("message", ""))
    told = condition(status, "CapacityReady")
    assert told["reason"] == "ProviderFailed"
    for words in (
        f"asked {PROVIDER} for",
        "are ready; Karpenter makes no machine for pod",
        "instance-cpu",
        "spec.exec",
    ):
        assert words in told["message"]
    jobs.delete(name)
    own_nodes.wait_until_nothing_is_held(30)


def test_a_group_of_machines_is_asked_ahead_of_the_cells_and_gets_its_number_back(own_nodes: OwnNodes) -> None:
    jobs = own_nodes.jobs

    def group() -> tuple[int, int]:
        """Return how many replicas there are, and nodes."""
        found = jobs.kubectl.get("nodepool", STATIC)["spec"]["replicas"]
        nodes = jobs.kubectl.get("nodes", "--selector", f"karpenter.sh/nodepool={STATIC}")["items"]
        return found, len(nodes)

    with static_pool(jobs.kubectl):
        name = jobs.apply(own_nodes.manifest("ahead", provider=GROUP["name"], ahead=True))
        jobs.wait(name, "has asked for nodes", lambda s: s.get("capacity", {}).get("requestedNodes", 0) == 6)
        where = ("--namespace", jobs.operator.namespace, "--selector", labels.CAPACITY)
        (record,) = jobs.kubectl.get("leases", *where)["items"]
        # Simulated cells leave no result, so the run ends as soon as it looks for them.
        status = jobs.wait_until_it_ends(name)
        assert status["reason"] == "ResultsMissing", status
        (prepare,) = jobs.children("pods", name, "prepare")
        ended = prepare["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"]
        assert record["metadata"]["creationTimestamp"] <= ended, "asked for before the data was prepared"
        nodes = {pod["spec"]["nodeName"] for pod in jobs.children("pods", name, "cell")}
        assert nodes - {jobs.testbed.require_own().instance().node_name}

        def missing() -> str | None:
            replicas, nodes = group()
            return f"There are {replicas} replicas and {nodes} nodes." if replicas or nodes else None

        wait_until(missing, timeout_seconds=120, what="The group has its number back", every_seconds=0.5)
        own_nodes.wait_until_nothing_is_held()


def test_a_provider_that_is_not_there_is_told_at_once_with_those_that_are_and_cells_run_all_the_same(
    own_nodes: OwnNodes,
) -> None:
    jobs = own_nodes.jobs
    manifest = jobs.manifest("typo", jobs.upload(two_column_table()), capacity={"provider": "simulatd"})
    name = jobs.apply(manifest)
    status = jobs.wait(name, "is told", lambda s: bool(s.get("capacity", {}).get("message")))
    for words in ("spec.capacity.provider is simulatd", PROVIDER, GROUP["name"]):
        assert words in status["capacity"]["message"]
    assert condition(jobs.wait_until_it_ends(name), "Complete")["status"] == "True"
    assert "ProviderUnknown" in {event["reason"] for event in jobs.events(name)}
