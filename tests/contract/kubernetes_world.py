"""The real KubernetesCluster on a real API server with the real Job controller; the test is the kubelet.

Every pod asks for more processors than there are, so no node takes it, and the test writes its status.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from gridfold.api import labels
from gridfold.api.handoff import StageInput
from gridfold.domain.observed import Children, ProcessEnd
from gridfold.engine.ports import ConflictError, JobKey
from gridfold_operator.adapters.clock import SystemClock
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.client import MERGE_PATCH, Document, KubernetesClient
from gridfold_operator.adapters.kubernetes.cluster import KubernetesCluster
from gridfold_operator.adapters.kubernetes.leaving import leave
from gridfold_operator.adapters.kubernetes.pod_watch import PodWatch
from gridfold_operator.adapters.kubernetes.pods import PodStore
from gridfold_operator.errors import ApiNotFoundError
from gridfold_operator.settings import TrainerSettings
from tests.contract.fake_cluster import VALID_SPEC

TRAINER = TrainerSettings(image="never-pulled:1")
NOWHERE = {"resources": {"requests": {"cpu": "10000"}, "limits": {}}}
LIMIT_SECONDS = 60
INDEX = "batch.kubernetes.io/job-completion-index"


@asynccontextmanager
async def kubernetes_world(kubeconfig: str, namespace: str) -> AsyncIterator["KubernetesWorld"]:
    """Have a world in a namespace; the pod watch runs while the block does.

    At its end the Jobs go, as by an operator in a namespace that is deleted: Kubernetes alone would wait for ever.
    """
    configuration = Configuration()
    await config.load_kube_config(config_file=kubeconfig, client_configuration=configuration)
    client = KubernetesClient(configuration)
    store = PodStore()
    cluster = KubernetesCluster(client, store, SystemClock(), TRAINER)
    watch = asyncio.create_task(PodWatch(client, store, lambda _key, _failed: None, 60).run(namespace))
    try:
        yield KubernetesWorld(cluster, client, namespace)
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        with suppress(ConflictError):
            await leave(client, namespace)
        await client.close()


class KubernetesWorld:
    """The world around the adapter."""

    def __init__(self, cluster: KubernetesCluster, client: KubernetesClient, namespace: str) -> None:
        self.cluster, self.client, self.namespace = cluster, client, namespace

    async def create(self, name: str, **spec: Any) -> JobKey:
        execution = {**NOWHERE, **spec.pop("execution", {})}
        document = {
            "apiVersion": "gridfold.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {**VALID_SPEC, "execution": execution, **spec},
        }
        await self.client.create(paths.collection(paths.TRAINING_JOBS, "trainingjobs", self.namespace), document)
        return JobKey(self.namespace, name)

    async def remove(self, key: JobKey) -> None:
        await self.client.delete(paths.training_job(key.namespace, key.name))
        await self._until(lambda: self._is_gone(paths.training_job(key.namespace, key.name)))

    async def edit(self, key: JobKey, **spec: Any) -> None:
        await self.client.patch(paths.training_job(key.namespace, key.name), {"spec": spec}, MERGE_PATCH)

    async def set_raw_status(self, key: JobKey, status: dict[str, Any]) -> None:
        path = f"{paths.training_job(key.namespace, key.name)}/status"
        await self.client.patch(path, {"status": status}, MERGE_PATCH)

    async def take_name(self, key: JobKey, child: str) -> None:
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "never-pulled:1"}]}
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": child, "namespace": key.namespace},
            "spec": {"suspend": True, "template": {"spec": pod}},
        }
        await self.client.create(paths.collection(paths.BATCH, "jobs", key.namespace), job)

    async def run_pod(self, key: JobKey, child: str, index: int = 0) -> None:
        pod = await self._newest_pod(key, child, index)
        state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        await self._set_pod_status(pod, {"phase": "Running", "containerStatuses": [_container(state)]})
        await self._observed(key, lambda children: index in _running(children, child))

    async def end_pod(self, key: JobKey, child: str, end: ProcessEnd, index: int = 0) -> None:
        pod = await self._newest_pod(key, child, index)
        terminated = {
            "exitCode": end.exit_code,
            "reason": end.reason,
            "message": end.message,
            "finishedAt": self.cluster.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        status = {
            "phase": "Failed" if end.exit_code else "Succeeded",
            "containerStatuses": [_container({"terminated": terminated})],
        }
        await self._set_pod_status(pod, status)
        await self._until(lambda: self._is_accounted_for(key, child, pod["metadata"]["uid"]))

    async def block_pods(self, key: JobKey, child: str, message: str) -> None:
        """The real scheduler does so by itself, in its own words: wait for it."""
        await self._observed(key, lambda children: bool(_waiting(children, child)))

    async def suspend(self, key: JobKey, child: str) -> None:
        await self.client.patch(paths.job(key.namespace, child), {"spec": {"suspend": True}}, MERGE_PATCH)
        await self._observed(key, lambda children: not _running(children, child))

    async def admit(self, key: JobKey, child: str, parallelism: int = 0) -> None:
        fewer = {"parallelism": parallelism} if parallelism else {}
        await self.client.patch(paths.job(key.namespace, child), {"spec": {"suspend": False, **fewer}}, MERGE_PATCH)

    async def expire(self, key: JobKey) -> None:
        async def are_gone() -> bool:
            job = await self.cluster.load_job(key)
            assert job is not None
            return await self.cluster.observe_children(job) == Children() and not await self.inputs(key)

        await self._until(are_gone)

    async def inputs(self, key: JobKey) -> int:
        """Return how many there are: in ConfigMaps, and carried by pods."""
        selector = f"{labels.JOB}={key.name}"
        maps = await self.client.items(
            paths.collection(paths.CORE, "configmaps", key.namespace), labelSelector=selector
        )
        jobs = await self.client.items(paths.collection(paths.BATCH, "jobs", key.namespace), labelSelector=selector)
        return len(maps) + sum(bool(_carried(job)) for job in jobs)

    async def input_of(self, key: JobKey, child: str) -> StageInput | None:
        try:
            job = await self.client.get(paths.job(key.namespace, child))
            if text := _carried(job):
                return StageInput.model_validate_json(text)
            told = job["metadata"]["annotations"][labels.INPUT]
            stored = await self.client.get(paths.config_map(key.namespace, told))
        except ApiNotFoundError:
            return None
        return StageInput.model_validate_json(stored["data"]["job.json"])

    async def _newest_pod(self, key: JobKey, child: str, index: int) -> Document:
        """Return the one unfinished pod of an index."""
        found: list[Document] = []

        async def is_there() -> bool:
            path = paths.collection(paths.CORE, "pods", key.namespace)
            pods = await self.client.items(path, labelSelector=f"batch.kubernetes.io/job-name={child}")
            found[:] = [
                pod
                for pod in pods
                if pod["metadata"]["annotations"].get(INDEX, "0") == str(index)
                and pod["status"].get("phase") not in {"Succeeded", "Failed"}
            ]
            return bool(found)

        await self._until(is_there)
        return found[0]

    async def _set_pod_status(self, pod: Document, status: dict[str, Any]) -> None:
        metadata = pod["metadata"]
        path = f"{paths.collection(paths.CORE, 'pods', metadata['namespace'])}/{metadata['name']}/status"
        await self.client.patch(path, {"status": status}, MERGE_PATCH)

    async def _is_accounted_for(self, key: JobKey, child: str, uid: str) -> bool:
        """Tell whether the Job controller has drawn its conclusions and the watch has brought the end.

        Where a Job is over, its terminal condition has come too.
        """
        # In this order: the controller writes what it has counted, lets go of the pod, and writes the conditions.
        if await self._has_finalizer(key, child, uid):
            return False
        job = await self.client.get(paths.job(key.namespace, child))
        status = job["status"]
        uncounted = status.get("uncountedTerminatedPods") or {}
        if uncounted.get("failed") or uncounted.get("succeeded"):
            return False
        conditions = {c["type"] for c in status.get("conditions") or () if c["status"] == "True"}
        if conditions & {"FailureTarget", "SuccessCriteriaMet"} and not conditions & {"Complete", "Failed"}:
            return False
        return any(pod.uid == uid and pod.end for pod in self.cluster.pods.of_job(job["metadata"]["uid"]))

    async def _has_finalizer(self, key: JobKey, child: str, uid: str) -> bool:
        path = paths.collection(paths.CORE, "pods", key.namespace)
        pods = await self.client.items(path, labelSelector=f"batch.kubernetes.io/job-name={child}")
        return any(pod["metadata"]["uid"] == uid and pod["metadata"].get("finalizers") for pod in pods)

    async def _is_gone(self, path: str) -> bool:
        try:
            await self.client.get(path)
        except ApiNotFoundError:
            return True
        return False

    async def _observed(self, key: JobKey, condition: Callable[[Children], bool]) -> None:
        async def is_so() -> bool:
            job = await self.cluster.load_job(key)
            return job is not None and condition(await self.cluster.observe_children(job))

        await self._until(is_so)

    async def _until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not await condition():
                await asyncio.sleep(0.05)


def _carried(job: Document) -> str:
    """Return the input that a Job's pod carries, "" where it does not."""
    text: str = job["spec"]["template"]["metadata"]["annotations"].get(labels.JOB_FILE, "")
    return text


def _container(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "trainer",
        "image": "never-pulled:1",
        "imageID": "",
        "ready": "running" in state,
        "restartCount": 0,
        "state": state,
    }


def _running(children: Children, child: str) -> set[int]:
    indexes: set[int] = set()
    for wave in children.waves:
        if wave.name == child:
            indexes = {index for index, group in enumerate(wave.groups) if not wave.running.isdisjoint(group)}
    for stage in (*children.prepares, *children.refits):
        if stage.name == child and stage.running_pods:
            indexes.add(0)
    return indexes


def _waiting(children: Children, child: str) -> int:
    everything = (*children.prepares, *children.waves, *children.refits)
    return sum(cause.pods for found in everything if found.name == child for cause in found.waiting)
