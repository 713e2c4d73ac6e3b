"""The port Cluster on Kubernetes: stages and waves are Jobs, their input is a ConfigMap."""

import logging
from collections.abc import Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from gridfold.api import labels
from gridfold.api.handoff import Stage
from gridfold.api.status import SettingsStatus, TrainingJobStatus
from gridfold.api.v1alpha1 import PLURAL, Metadata
from gridfold.api.validation import InvalidTrainingJobError, drop_nulls, known_fields
from gridfold.domain.keys import run_digest
from gridfold.domain.naming import label_value, wave_number
from gridfold.domain.observed import Children, ObservedJob
from gridfold.domain.plan import Action, Change, Delete, Drain, SetParallelism, SetTtl, StartStage, StartWave
from gridfold.domain.tenancy.defaults import parse_filled
from gridfold.domain.tenancy.settings import TenancySettings
from gridfold.engine.ports import Clock, ConflictError, JobKey, RefusedError
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.children import (
    Child,
    JobView,
    collect_children,
    lacks_ends,
    lacks_input,
    project_job,
)
from gridfold_operator.adapters.kubernetes.client import JSON_PATCH, Document, KubernetesClient
from gridfold_operator.adapters.kubernetes.draining import holding_patches, is_draining, remove
from gridfold_operator.adapters.kubernetes.guarded import change, check_uid, delete, name_of
from gridfold_operator.adapters.kubernetes.inputs import Inputs
from gridfold_operator.adapters.kubernetes.kueue import find_hold
from gridfold_operator.adapters.kubernetes.leaving import end_jobs_of, is_leaving, leave
from gridfold_operator.adapters.kubernetes.pods import Pod, PodStore, controller_of, project_pod
from gridfold_operator.adapters.kubernetes.tenancy import Tenancy
from gridfold_operator.adapters.kubernetes.trouble import find_trouble, lacks_pods
from gridfold_operator.adapters.kubernetes.warnings import Warnings
from gridfold_operator.errors import ApiConflictError, ApiNotFoundError, ForeignChildError, NamespaceLeavingError
from gridfold_operator.log import about, note_run
from gridfold_operator.manifests import (
    Manifest,
    build_input_manifest,
    build_stage_manifest,
    build_wave_manifest,
    template_digest,
)
from gridfold_operator.queues import parallelism_patches
from gridfold_operator.settings import TrainerSettings

LOG = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 5.0  #: where no watch tells that a trouble has come or gone


def _ignore(_key: JobKey, _seconds: float) -> None:
    """Wake nobody."""


@dataclass(frozen=True)
class KubernetesCluster:
    """Keeps TrainingJobs in the API server and runs stages as Jobs."""

    client: KubernetesClient
    pods: PodStore  #: kept up to date by a PodWatch
    clock: Clock
    trainer: TrainerSettings
    wake: Callable[[JobKey, float], None] = field(default=_ignore)  #: called with who is to be looked at again, when
    inputs: Inputs = field(default_factory=Inputs)
    warnings: Warnings = field(default_factory=Warnings)
    reads_workloads: bool = False  #: of Kueue, to tell why a queue does not admit a Job
    tenancy: TenancySettings = field(default_factory=TenancySettings)

    @property
    def _tenancy(self) -> Tenancy:
        return Tenancy(self.client, self.trainer, self.tenancy)

    async def load_job(self, key: JobKey) -> ObservedJob | None:
        """Return the resource as it is now, or None where it is gone or being deleted; its Jobs are ended then."""
        try:
            document = await self.client.get(paths.training_job(key.namespace, key.name))
        except ApiNotFoundError as error:
            if error.names(key.name):  # else it is the kind that is not served, for a moment perhaps
                await end_jobs_of(self.client, key)
            return None
        metadata = Metadata.model_validate(document["metadata"])
        if metadata.deletion_timestamp is not None:
            await end_jobs_of(self.client, key, document["metadata"].get("finalizers") or ())
            return None
        status = parse_status(document.pop("status", None) or {})
        found = ObservedJob(metadata, None, status, image=self.trainer.image, trainers=self.trainer.names)
        return read_spec(document, await self._tenancy.look(found), self.trainer)

    async def observe_children(self, job: ObservedJob) -> Children:
        """Return all children that are controlled by exactly this resource.

        Raises:
            ConflictError: its namespace is being deleted, so all Jobs there were ended.
        """
        key = JobKey(job.metadata.namespace, job.metadata.name)
        documents = await self.client.items(
            paths.collection(paths.BATCH, "jobs", key.namespace), labelSelector=f"{labels.JOB}={label_value(key.name)}"
        )
        views = [view for document in documents if (view := project_job(document, job.metadata.uid))]
        run = run_digest(job.metadata.uid, job.spec) if job.spec else ""
        note_run(run or job.status.run_digest or "")
        children = [await self._told(await self._child(key, view), key.namespace, run) for view in views]
        now = self.clock.now()
        if any(lacks_pods(child, now) for child in children) and await is_leaving(self.client, key.namespace):
            await leave(self.client, key.namespace)
        return collect_children([self._judged(child, job) for child in children], now)

    async def _told(self, child: Child, namespace: str, run: str) -> Child:
        """Return a wave of another run than the wanted one with the spec that it was started with."""
        view = child.job
        if view.stage is not Stage.CELL or view.run_digest == run or not view.input:
            return child
        return replace(child, spec=await self.inputs.spec_of(self.client, namespace, view.input))

    def _judged(self, child: Child, job: ObservedJob) -> Child:
        return replace(child, outdated=lacks_input(child) or self._outdated(child.job, job))

    def _outdated(self, view: JobView, job: ObservedJob) -> bool:
        """Tell whether a Job would be made otherwise now: an image, resources, a Secret's name have changed."""
        if job.spec is None or not view.template:
            return False
        prepared = job.status.prepared if job.status.run_digest == view.run_digest else None
        trainer = self._tenancy.trainer_of(job, prepared.image if prepared else job.image)
        return view.template != template_digest(view.stage, job.spec, trainer, job.metadata, view.memory)

    async def _child(self, key: JobKey, job: JobView) -> Child:
        pods = self.pods.of_job(job.uid)
        if lacks_ends(job, pods):
            pods = await self._list_pods(key.namespace, f"batch.kubernetes.io/controller-uid={job.uid}")
        if job.suspended:
            hold = await find_hold(self.client, key.namespace, job, self.clock.now(), may_read=self.reads_workloads)
            self.wake(key, hold.look_again_seconds)
            return Child(job, pods, hold.found)
        latest_warning = partial(self.warnings.latest, self.client, key.namespace)
        trouble = await find_trouble(latest_warning, Child(job, pods), self.clock.now())
        if trouble.suspected:
            self.wake(key, LOOK_AGAIN_SECONDS)
        return Child(job, pods, trouble.found)

    async def _list_pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return a Job's pods, of which there may be thousands, from the API server itself."""
        path = paths.collection(paths.CORE, "pods", namespace)
        found: list[Pod] = []
        async with aclosing(self.client.pages(path, labelSelector=selector)) as pages:
            async for page in pages:
                found += filter(None, map(project_pod, page.get("items") or ()))
        return tuple(found)

    async def apply(self, job: ObservedJob, action: Action) -> None:
        """Carry out one action; what exists already, or is gone already, is fine."""
        owner = job.metadata
        with about(wave=wave_number(action.name)):
            LOG.info("%s/%s: %s %s", owner.namespace, owner.name, type(action).__name__, action.name)
            try:
                await self._apply(job, action)
            except NamespaceLeavingError:
                await leave(self.client, owner.namespace)

    async def _apply(self, job: ObservedJob, action: Action) -> None:
        owner = job.metadata
        match action:
            case StartStage():
                trainer = self._tenancy.trainer_of(job, action.image)
                await self._start(owner, action, build_stage_manifest(owner, action, trainer))
            case StartWave():
                trainer = self._tenancy.trainer_of(job, action.image)
                await self._start(owner, action, build_wave_manifest(owner, action, trainer))
            case SetParallelism():
                await self._change(owner, action, lambda job: parallelism_patches(job, action.parallelism))
            case SetTtl():
                kept = {"spec": {"ttlSecondsAfterFinished": action.ttl_seconds}}
                await self._change(owner, action, lambda _: [kept])
            case Drain():
                await self._drain(owner, action)
            case Delete():
                await self._delete(owner, action)

    async def save_status(self, job: ObservedJob, status: TrainingJobStatus) -> None:
        """Write the whole status of the resource that was read, guarded by its resourceVersion."""
        metadata = job.metadata
        patch = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata.resource_version},
            {"op": "add", "path": "/status", "value": status.document()},
        ]
        path = f"{paths.training_job(metadata.namespace, metadata.name)}/status"
        try:
            await self.client.patch(path, patch, JSON_PATCH)
        except (ApiConflictError, ApiNotFoundError) as error:
            raise ConflictError(f"TrainingJob {metadata.namespace}/{metadata.name} has changed since") from error

    async def list_versions(self, namespace: str) -> dict[JobKey, str]:
        """Return all TrainingJobs of a namespace ("" for all), each with the version of its resource."""
        found = await self.client.metadata(paths.collection(paths.TRAINING_JOBS, PLURAL, namespace))
        return {JobKey(one["namespace"], one["name"]): one["resourceVersion"] for one in found}

    async def _start(self, owner: Metadata, action: StartStage | StartWave, manifest: Manifest) -> None:
        """Create a Job, then its input, unless its pod carries it. The Job owns it: when that goes, the input does."""
        try:
            job = await self.client.create(paths.collection(paths.BATCH, "jobs", owner.namespace), manifest)
        except ApiConflictError:
            job = await self._existing(paths.job(owner.namespace, action.name))
            _check_owner(job, owner)
            _check_stays(job)
        told = build_input_manifest(owner, action.name, action.input, job["metadata"]["uid"])
        if _input_of(job) != told["metadata"]["name"]:
            return  # the Job that is there has an input of its own
        try:
            await self._give_input(owner, job, told)
        except RefusedError:
            await delete(self.client, paths.job(owner.namespace, action.name), job)  # or its pods wait for ever
            raise

    async def _give_input(self, owner: Metadata, job: Document, told: Manifest) -> None:
        inputs = paths.collection(paths.CORE, "configmaps", owner.namespace)
        try:
            await self.client.create(inputs, told)
        except ApiConflictError:
            path = paths.config_map(owner.namespace, told["metadata"]["name"])
            existing = await self._existing(path)
            controller = controller_of(existing["metadata"]) or {}
            if controller.get("uid") == job["metadata"]["uid"]:
                return
            if controller.get("kind") != "Job" or controller.get("name") != job["metadata"]["name"]:
                _check_owner(existing, owner)
                _check_stays(existing)
                return  # an older operator has made it
            await delete(self.client, path, existing)  # of an earlier Job of this name: it would go as that did
            await self.client.create(inputs, told)

    async def _delete(self, owner: Metadata, action: Delete) -> None:
        """Delete a Job, then its input, which is kept for as long as the Job exists."""
        try:
            job = await self.client.get(paths.job(owner.namespace, action.name))
        except ApiNotFoundError:
            return
        _check_observed(job, owner, action)
        await remove(self.client, owner.namespace, job)
        if told := _input_of(job):
            await self._delete_input(paths.config_map(owner.namespace, told), {job["metadata"]["uid"], owner.uid})

    async def _delete_input(self, path: str, owners: Collection[str]) -> None:
        """Delete the input of a Job, unless a later Job has one of that name: it follows from what is in it."""
        try:
            told = await self.client.get(path)
        except ApiNotFoundError:
            return
        if (controller_of(told["metadata"]) or {}).get("uid") in owners:
            await delete(self.client, path, told)

    async def _drain(self, owner: Metadata, action: Drain) -> None:
        """Have a Job make no more pods, then see which there are, whatever the watch has missed: they hold cells."""
        if job := await self._change(owner, action, holding_patches):
            await delete(self.client, paths.job(owner.namespace, action.name), job)
        for pod in await self._list_pods(owner.namespace, f"batch.kubernetes.io/job-name={action.name}"):
            self.pods.put(pod)

    async def _existing(self, path: str) -> Document:
        try:
            return await self.client.get(path)
        except ApiNotFoundError as error:
            raise ConflictError(f"{path} was there and is gone: observe again") from error

    async def _change(
        self, owner: Metadata, action: Change, patches: Callable[[Document], list[Document]]
    ) -> Document | None:
        """Change what may be changed of a Job and return it; a Job that is gone is fine."""

        def check(job: Document) -> None:
            _check_observed(job, owner, action)
            _check_stays(job, may_drain=True)

        return await change(self.client, paths.job(owner.namespace, action.name), check, patches)


def _input_of(job: Document) -> str:
    """Return the name of a Job's ConfigMap: its own, where an older operator has made it; "": its pod carries it."""
    metadata = job["metadata"]
    name: str = (metadata.get("annotations") or {}).get(labels.INPUT, metadata["name"])
    return name


def read_spec(document: Document, job: ObservedJob, trainer: TrainerSettings) -> ObservedJob:
    """Return a job with the spec of its document, filled in by the platform, or with all that is wrong with it.

    One that was accepted stays so when the kind becomes newer than this operator.
    """
    settings = job.settings or SettingsStatus()
    try:
        read, filled = parse_filled(document, settings.execution, settings.estimator_prefixes)
    except InvalidTrainingJobError as error:
        if job.accepted and (known := known_fields(document)) != drop_nulls(document):
            return read_spec(known, job, trainer)
        return replace(job, problems=error.problems)
    kept = settings.model_copy(update={"execution": filled})
    return replace(job, spec=read.spec, settings=kept, image=trainer.image_of(read.spec.execution.trainer))


def parse_status(document: dict[str, Any]) -> TrainingJobStatus:
    """Return a status as far as it can be understood: what another version wrote otherwise is left out.

    Of a list that is one item: a job whose condition Complete is understood stays complete beside a strange one.
    """
    try:
        return TrainingJobStatus.model_validate(document)
    except ValidationError as error:
        strange = {_place(*found["loc"]) for found in error.errors()}
        known = {key: _without(value, strange, key) for key, value in document.items() if (key,) not in strange}
        return TrainingJobStatus.model_validate(known)


def _place(key: str | int, below: str | int = "", *_: str | int) -> tuple[str | int, ...]:
    """Return what is left out for an error somewhere in a status: an item of a list, or all of a field."""
    return (key, below) if isinstance(below, int) else (key,)


def _without(value: Any, strange: Collection[tuple[str | int, ...]], key: str) -> Any:
    if not isinstance(value, list):
        return value
    return [item for index, item in enumerate(value) if (key, index) not in strange]


def _check_owner(existing: Document, owner: Metadata) -> None:
    """Make sure that a child of the wanted name is this resource's.

    Raises:
        ForeignChildError: it is somebody else's.
    """
    controller = controller_of(existing["metadata"]) or {}
    if controller.get("uid") != owner.uid:
        held = f"{controller.get('kind')} {controller.get('name')}" if controller else "nobody"
        raise ForeignChildError(
            f"{name_of(existing)} belongs to {held}, expected TrainingJob {owner.name} (uid {owner.uid}); "
            "delete it, or give the TrainingJob another name"
        )


def _check_observed(job: Document, owner: Metadata, action: Change) -> None:
    """Make sure that a Job is this resource's, and the one that the action was decided for.

    Raises:
        ConflictError: it has taken the name of that one; a ForeignChildError where it is somebody else's.
    """
    _check_owner(job, owner)
    if action.uid:
        check_uid(job, action.uid)


def _check_stays(existing: Document, *, may_drain: bool = False) -> None:
    """Make sure that a child is there to stay.

    Raises:
        ConflictError: it is about to go.
    """
    metadata = existing["metadata"]
    if metadata.get("deletionTimestamp") and not (may_drain and is_draining(metadata)):
        raise ConflictError(f"{name_of(existing)} is being deleted: observe again")
