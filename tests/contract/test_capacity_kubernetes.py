"""What only Kubernetes has of the Capacity port: finalizers and Leases, refusals in words, deadlines, the reaper."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.domain.capacity.held import Held
from gridfold.domain.observed import ObservedJob
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.errors import ApiRefusedError
from gridfold_operator.reaper import Left, reap
from tests.contract.capacity_worlds import PROVIDER, SYSTEM, MemoryWorld


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld()


def load(world: MemoryWorld, key: JobKey) -> ObservedJob:
    job = world.load(key)
    assert job is not None
    return job


async def observe(world: MemoryWorld, key: JobKey) -> Held:
    held = await world.capacity.observe(load(world, key))
    assert held is not None
    return held


async def granted(world: MemoryWorld, nodes: int = 3) -> JobKey:
    key = world.create("job")
    await world.capacity.ensure(load(world, key), nodes)
    world.bring(nodes)
    return key


def finalizers(world: MemoryWorld, key: JobKey) -> list[str]:
    found: list[str] = world.api.objects[paths.training_job(key.namespace, key.name)]["metadata"].get("finalizers", [])
    return found


def the_one(world: MemoryWorld, plural: str) -> dict[str, Any]:
    (found,) = world.api.of_kind(plural).values()
    return found


async def test_a_grant_is_recorded_then_the_job_is_bound_then_given_nodes_and_all_that_in_the_reverse_order(
    world: MemoryWorld,
) -> None:
    key = await granted(world)
    assert [(verb, path.split("/")[-2]) for verb, path in world.api.writes] == [
        ("create", SYSTEM),
        ("patch", "trainingjobs"),
        ("create", "v1"),
    ]
    assert finalizers(world, key) == [labels.CAPACITY_FINALIZER]
    world.api.writes.clear()
    await world.capacity.release(load(world, key))
    world.take()
    await world.capacity.release(load(world, key))
    verbs = [(verb, path.split("/")[-2]) for verb, path in world.api.writes]
    assert verbs == [
        ("update", "leases"),
        ("delete", "nodepools"),
        ("patch", "trainingjobs"),
        ("delete", "leases"),
    ]
    assert finalizers(world, key) == []


async def test_the_pool_is_the_jobs_alone_of_so_many_nodes_and_goes_by_itself(world: MemoryWorld) -> None:
    await granted(world)
    pool, lease = the_one(world, "nodepools"), the_one(world, "leases")
    digest = lease["metadata"]["labels"][labels.CAPACITY]
    assert pool["metadata"]["name"] == lease["metadata"]["name"] == f"gridfold-{digest}"
    assert pool["spec"]["limits"] == {"nodes": "3"}
    assert pool["spec"]["disruption"] == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "30s",
        "budgets": [{"nodes": "100%"}],
    }
    template = pool["spec"]["template"]
    assert template["metadata"]["labels"][labels.CAPACITY] == digest
    assert {"key": labels.CAPACITY, "value": digest, "effect": "NoSchedule"} in template["spec"]["taints"]
    assert (template["spec"]["expireAfter"], template["spec"]["terminationGracePeriod"]) == ("24h", "10m")


async def test_other_peoples_finalizers_stay(world: MemoryWorld) -> None:
    key = world.create("job")
    path = paths.training_job(key.namespace, key.name)
    document = world.api.objects[path]
    world.api.put(path, {**document, "metadata": {**document["metadata"], "finalizers": ["example.com/audit"]}})
    await world.capacity.ensure(load(world, key), 1)
    assert finalizers(world, key) == ["example.com/audit", labels.CAPACITY_FINALIZER]
    await world.capacity.release(load(world, key))
    assert finalizers(world, key) == ["example.com/audit"]


async def test_what_is_looked_at_does_not_expire_and_is_written_only_when_a_third_of_its_time_is_over(
    world: MemoryWorld,
) -> None:
    key = await granted(world)
    before = the_one(world, "leases")["spec"]["renewTime"]
    world.wait(150)
    await observe(world, key)
    assert the_one(world, "leases")["spec"]["renewTime"] == before
    world.wait(60)
    await observe(world, key)
    assert the_one(world, "leases")["spec"]["renewTime"] > before


Change = Callable[[MemoryWorld], None]


def forbid(verb: str, kind: str) -> Change:
    return lambda world: world.api.forbidden.add((verb, kind))


REFUSED: list[tuple[str, Change, str, str]] = [
    ("no Karpenter", lambda w: w.api.kinds.remove("nodepools"), "ProviderMissing", "install it"),
    ("no right to make pools", forbid("create", "nodepools"), "ProviderForbidden", "cannot create it. Allow it"),
    ("no right to record", forbid("create", "leases"), "ProviderForbidden", "leases is forbidden"),
    ("no right to bind", forbid("patch", "trainingjobs"), "ProviderForbidden", "trainingjobs is forbidden"),
]


@pytest.mark.parametrize(("why", "change", "reason", "words"), REFUSED, ids=[case[0] for case in REFUSED])
async def test_what_is_refused_is_trouble_in_words_that_counts_its_tries_until_it_succeeds(
    world: MemoryWorld, why: str, change: Change, reason: str, words: str
) -> None:
    key = world.create("job")
    change(world)
    for tries in (1, 2):
        await world.capacity.ensure(load(world, key), 2)
        trouble = (await observe(world, key)).trouble
        assert trouble is not None, why
        assert (trouble.reason, trouble.tries, trouble.last) == (reason, tries, world.time)
        assert words in trouble.message
    world.api.kinds.add("nodepools")
    world.api.forbidden.clear()
    await world.capacity.ensure(load(world, key), 2)
    held = await observe(world, key)
    assert (held.nodes, held.trouble) == (2, None)


async def test_a_pool_of_that_name_that_is_somebody_elses_is_left_alone(world: MemoryWorld) -> None:
    key = await granted(world)
    path, pool = next(iter(world.api.of_kind("nodepools").items()))
    pool["metadata"]["labels"] = {"team": "b"}
    world.api.put(path, pool)
    await world.capacity.ensure(load(world, key), 5)
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert "is not this job's" in trouble.message
    assert the_one(world, "nodepools")["spec"]["limits"] == {"nodes": "3"}


async def test_a_pool_that_takes_the_name_of_the_one_that_was_looked_at_is_neither_changed_nor_deleted(
    world: MemoryWorld,
) -> None:
    key = await granted(world)
    path, pool = next(iter(world.api.of_kind("nodepools").items()))
    uids = iter("abc")

    def replace_pool(verb: str, at: str) -> None:
        if at == path and verb in {"patch", "delete"}:
            world.api.put(path, {**pool, "metadata": {**pool["metadata"], "uid": next(uids)}})

    world.api.before = replace_pool
    with pytest.raises(ConflictError, match="is another one now"):
        await world.capacity.ensure(load(world, key), 5)
    with pytest.raises(ConflictError, match="has changed since"):
        await world.capacity.release(load(world, key))
    there = the_one(world, "nodepools")
    assert (there["metadata"]["uid"], there["spec"]["limits"]) == ("b", {"nodes": "3"})


SAID: list[tuple[str, dict[str, Any]]] = [
    ("nodepools", {"type": "Ready", "status": "False", "reason": "NodeClassNotReady", "message": "no image found"}),
    ("nodeclaims", {"type": "Launched", "status": "False", "reason": "InsufficientCapacity", "message": "no m7i"}),
    ("nodeclaims", {"type": "Launched", "status": "Unknown", "reason": "LaunchFailed", "message": "no credentials"}),
    (
        "nodepools",
        {"type": "NodeRegistrationHealthy", "status": "False", "reason": "RegistrationFailed", "message": "no node"},
    ),
]
NOT_READY = {"type": "Initialized", "status": "Unknown", "reason": "NodeNotReady", "message": "Node status is NotReady"}
ON_THE_WAY = {"type": "Launched", "status": "Unknown", "reason": "AwaitingReconciliation", "message": "awaiting"}


@pytest.mark.parametrize(("plural", "said"), SAID, ids=[case[1]["reason"] for case in SAID])
async def test_what_karpenter_says_of_nodes_that_do_not_come_is_told(
    world: MemoryWorld, plural: str, said: dict[str, Any]
) -> None:
    key = await granted(world)
    path, found = next(iter(world.api.of_kind(plural).items()))
    world.api.put(path, {**found, "status": {"conditions": [said]}})
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.reason == "ProviderFailed"
    assert said["reason"] in trouble.message
    assert said["message"] in trouble.message
    assert trouble.tries == 0, "nothing has failed that could be tried again"


async def test_a_machine_that_is_on_its_way_is_no_trouble(world: MemoryWorld) -> None:
    key = await granted(world)
    path, claim = next(iter(world.api.of_kind("nodeclaims").items()))
    world.api.put(path, {**claim, "status": {"conditions": [ON_THE_WAY]}})
    held = await observe(world, key)
    assert (held.trouble, held.launched) == (None, 2)


async def test_a_machine_that_never_becomes_a_node_is_told_after_a_while(world: MemoryWorld) -> None:
    key = await granted(world)
    path, claim = next(iter(world.api.of_kind("nodeclaims").items()))
    created = {**claim["metadata"], "creationTimestamp": world.api.now()}
    world.api.put(path, {**claim, "metadata": created, "status": {"conditions": [NOT_READY]}})
    assert (await observe(world, key)).trouble is None, "it may take a minute"
    world.wait(180)
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.message.endswith("is not Initialized: NodeNotReady: Node status is NotReady")


def tell(world: MemoryWorld, about: str, reason: str, message: str) -> None:
    """Have Karpenter tell of a machine, which is gone by then, or of its pool."""
    name = f"{about}.{len(world.api.of_kind('events'))}"
    event = {"involvedObject": {"name": about}, "reason": reason, "message": message, "lastTimestamp": world.api.now()}
    world.api.put(f"{paths.CORE}/namespaces/default/events/{name}", {"metadata": {"name": name}, **event})


async def test_what_karpenter_told_of_machines_that_are_gone_again_is_told_while_it_is_news(world: MemoryWorld) -> None:
    key = await granted(world)
    (pool,) = (found["metadata"]["name"] for found in world.api.of_kind("nodepools").values())
    for path in world.api.of_kind("nodeclaims"):
        world.api.remove(path)
    tell(world, f"{pool}9-x", "InsufficientCapacityError", "of another pool")
    tell(world, f"{pool}-abc12", "Older", "before")
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.message == "Karpenter: Older: before", "in the second in which nodes were asked for"
    world.wait(1)
    tell(world, f"{pool}-abc12", "InsufficientCapacityError", "no m7i.large in zone a")
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.message == "Karpenter: InsufficientCapacityError: no m7i.large in zone a"
    world.wait(301)
    assert (await observe(world, key)).trouble is None
    tell(world, pool, "NoCompatibleInstanceTypes", "requirements filtered out all")
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert trouble.message == "Karpenter: NoCompatibleInstanceTypes: requirements filtered out all"
    world.api.forbidden.add(("list", "events"))
    held = await observe(world, key)
    assert (held.trouble, held.nodes) == (None, 3)


async def test_a_machine_that_is_taken_away_counts_no_more_and_may_come_anew(world: MemoryWorld) -> None:
    key = await granted(world, 3)
    world.api.remove(next(iter(world.api.of_kind("nodeclaims"))))
    held = await observe(world, key)
    assert (held.nodes, held.launched, held.ready_nodes, held.trouble) == (3, 2, 2, None)
    await world.capacity.ensure(load(world, key), 3)
    world.bring(9)
    assert (await observe(world, key)).ready_nodes == 3, "no more than before"


INCOMPATIBLE = 'incompatible requirements, label "disk" does not have known values'
TAINT = "did not tolerate taint (taint=team=other:NoSchedule)"
AT_ITS_LIMIT = "node limits have been exhausted for nodepool (NodePool=gridfold-0123)"


def tell_of_pod(world: MemoryWorld, job: str, message: str) -> None:
    """Have a pod of a job, and have Karpenter tell of it."""
    pod = {"metadata": {"name": "job-w0-1", "labels": {labels.JOB: job}}}
    world.api.put(f"{paths.collection(paths.CORE, 'pods', 'team')}/job-w0-1", pod)
    event = {"involvedObject": {"name": "job-w0-1"}, "message": f"Failed to schedule pod, {message}"}
    event |= {"reason": "FailedScheduling", "lastTimestamp": world.api.now()}
    path = f"{paths.collection(paths.CORE, 'events', 'team')}/job-w0-1.1"
    world.api.put(path, {"metadata": {"name": "job-w0-1.1"}, **event})


@pytest.mark.parametrize(
    ("job", "message", "words"),
    [
        ("job", f"{TAINT}; {INCOMPATIBLE}; {INCOMPATIBLE}", f"machine for pod job-w0-1: {INCOMPATIBLE}. Compare"),
        ("job", f"{AT_ITS_LIMIT}; {TAINT}", ""),
        ("job-w0", INCOMPATIBLE, ""),
        ("job", "no instance type has enough resources, requirements=" + 999 * "x", "xxx…. Compare spec.execution"),
    ],
    ids=["one of several pools", "all others and a full one", "a pod of another job", "many words"],
)
async def test_why_karpenter_makes_no_machine_for_a_pod_is_told(
    world: MemoryWorld, job: str, message: str, words: str
) -> None:
    key = await granted(world, 3)
    tell_of_pod(world, job, message)
    assert (await observe(world, key)).trouble is None, "there are machines"
    for claim in world.api.of_kind("nodeclaims"):
        world.api.remove(claim)
    trouble = (await observe(world, key)).trouble
    assert words in (trouble.message if trouble else "")
    assert bool(trouble) == bool(words)
    world.wait(601)
    assert (await observe(world, key)).trouble is None, "it is no news any more"


async def test_what_karpenter_told_of_a_pod_is_told_when_more_nodes_are_asked_for_as_it_does_not_repeat_it(
    world: MemoryWorld,
) -> None:
    key = world.create("job")
    await world.capacity.ensure(load(world, key), 1)
    tell_of_pod(world, "job", INCOMPATIBLE)
    world.wait(10)
    await world.capacity.ensure(load(world, key), 6)
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert INCOMPATIBLE in trouble.message


async def test_what_karpenter_told_of_a_pod_before_the_job_had_a_pool_is_of_others_and_not_told(
    world: MemoryWorld,
) -> None:
    key = world.create("job")
    tell_of_pod(world, "job", INCOMPATIBLE)
    world.wait(1)
    await world.capacity.ensure(load(world, key), 6)
    assert (await observe(world, key)).trouble is None


async def test_nodes_that_may_not_be_seen_count_as_being_there_and_nodes_of_an_unknown_kind_do_not(
    world: MemoryWorld,
) -> None:
    key = await granted(world)
    world.api.forbidden.add(("list", "nodeclaims"))
    held = await observe(world, key)
    assert (held.nodes, held.launched, held.anything) == (0, 3, True)
    world.api.kinds.remove("nodeclaims")
    held = await observe(world, key)
    assert (held.nodes, held.launched, held.anything) == (0, 0, True)


async def test_a_record_that_cannot_be_read_is_trouble_and_nothing_is_done_beside_it(world: MemoryWorld) -> None:
    key = await granted(world)
    path, lease = next(iter(world.api.of_kind("leases").items()))
    lease["metadata"]["annotations"] = {labels.CAPACITY_RECORD: '{"version": 9}'}
    world.api.put(path, lease)
    trouble = (await observe(world, key)).trouble
    assert trouble is not None
    assert "hand that back by hand" in trouble.message
    await world.capacity.ensure(load(world, key), 9)
    await world.capacity.release(load(world, key))
    assert the_one(world, "nodepools")["spec"]["limits"] == {"nodes": "3"}
    assert await reap(world.leases, world.drivers) == []


async def test_a_deletion_waits_no_longer_than_ten_minutes_for_a_provider_that_is_dead_and_says_so(
    world: MemoryWorld,
) -> None:
    key = await granted(world)
    world.delete(key)
    world.api.forbidden.add(("delete", "nodepools"))
    assert await world.capacity.let_go(key) == 2.0
    world.wait(601)
    assert await world.capacity.let_go(key) is None
    assert paths.training_job(key.namespace, key.name) not in world.api.objects
    (event,) = world.notebook.events
    assert (event.type, event.reason) == ("Warning", "ProviderFailed")
    assert f"3 nodes of {PROVIDER} have not been handed back in 600 seconds" in event.message
    assert "nodepools is forbidden" in event.message
    assert world.api.of_kind("leases"), "for the reaper"


async def test_a_deletion_waits_no_longer_than_ten_minutes_for_records_that_may_not_be_seen(world: MemoryWorld) -> None:
    key = await granted(world)
    world.delete(key)
    world.api.forbidden.add(("list", "leases"))
    with pytest.raises(ApiRefusedError, match="leases: 403"):
        await world.capacity.let_go(key)
    world.wait(601)
    assert await world.capacity.let_go(key) is None
    assert paths.training_job(key.namespace, key.name) not in world.api.objects
    (event,) = world.notebook.events
    assert "what is held could not be seen in 600 seconds: the operator may not do what the provider" in event.message
    world.api.forbidden.clear()
    assert await reap(world.leases, world.drivers), "nothing is forgotten"


async def test_a_process_that_remembers_nothing_goes_on_where_the_last_one_was(world: MemoryWorld) -> None:
    key = await granted(world)
    world.start()
    assert (await observe(world, key)).nodes == 3
    await world.capacity.release(load(world, key))
    world.start()
    assert (await observe(world, key)).leaving
    world.take()
    await world.capacity.release(load(world, key))
    assert not (await observe(world, key)).anything


async def test_the_reaper_hands_back_what_has_expired_and_nothing_else(world: MemoryWorld) -> None:
    key = await granted(world)
    world.wait(300)
    other = world.create("other")
    await world.capacity.ensure(load(world, other), 1)
    assert await reap(world.leases, world.drivers) == []
    assert len(world.api.of_kind("nodepools")) == 2
    world.wait(301)
    assert await reap(world.leases, world.drivers) == [Left("team/job: 3 nodes of big are going", key)]
    world.take()
    assert await reap(world.leases, world.drivers) == []
    record = json.loads(the_one(world, "leases")["metadata"]["annotations"][labels.CAPACITY_RECORD])
    assert (record["name"], len(world.api.of_kind("nodepools"))) == ("other", 1)
    assert finalizers(world, key) == []


async def test_an_operator_and_the_reaper_that_meet_at_an_expired_record_do_not_both_have_their_way(
    world: MemoryWorld,
) -> None:
    key = await granted(world)
    world.wait(601)
    (expired,) = [lease async for lease in world.leases.all()]
    await observe(world, key)
    with pytest.raises(ConflictError):
        await world.leases.save(expired.record.model_copy(update={"leaving": True}), expired)
    assert await reap(world.leases, world.drivers) == []
    assert (await observe(world, key)).nodes == 3


async def test_what_the_reaper_may_not_do_is_told(world: MemoryWorld) -> None:
    await granted(world)
    world.wait(601)
    world.api.forbidden.add(("delete", "nodepools"))
    (left,) = await reap(world.leases, world.drivers)
    assert left.words.startswith("team/job: 3 nodes of big cannot be handed back: the operator may not do")
