"""kopf as informer: it says that something about a job has changed, and nothing else happens here.

Handlers of events alone write nothing onto the resource (any other kind keeps its progress in annotations).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import kopf
from kopf._cogs.clients.errors import APIClientError

from gridfold.api import labels
from gridfold.api.conditions import ConditionType
from gridfold.api.v1alpha1 import GROUP, KIND, PLURAL, VERSION
from gridfold.engine.ports import JobKey
from gridfold_operator.errors import ApiRefusedError
from gridfold_operator.together import wait_together

#: Told of a job and whether the news may bring it a step further (or is a number that people watch).
Notice = Callable[[JobKey, bool], None]
Login = Callable[[], Awaitable[kopf.ConnectionInfo]]

#: Told of a job that has ended, with the version of the resource that says so.
Rest = Callable[[JobKey, str], None]

#: Conditions of a TrainingJob that has ended.
ENDED = frozenset({ConditionType.COMPLETE, ConditionType.FAILED})
#: Conditions of a Job after which something is to be done.
TERMINAL = frozenset({"Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"})


def build_registries(notice: Notice, rest: Rest, login: Login) -> tuple[kopf.OperatorRegistry, kopf.OperatorRegistry]:
    """Return kopf's handlers of TrainingJobs, and of their Jobs.

    Two, as of several watches in one kopf those that have not failed go on when it ends.
    """
    training_jobs, jobs = kopf.OperatorRegistry(), kopf.OperatorRegistry()

    async def log_in(**_: Any) -> kopf.ConnectionInfo:
        return await login()

    async def see_training_job(type: str | None, body: Mapping[str, Any], **_: Any) -> None:  # noqa: A002
        metadata = body["metadata"]
        key = JobKey(metadata["namespace"], metadata["name"])
        if is_at_rest(body):
            rest(key, metadata["resourceVersion"])
        notice(key, type != "MODIFIED" or is_edited(body))

    async def see_job(type: str | None, body: Mapping[str, Any], **_: Any) -> None:  # noqa: A002
        key = owner_key(body)
        if key is not None:
            notice(key, type in {None, "DELETED"} or has_ended(body))

    ours = {labels.MANAGED_BY: labels.MANAGED_BY_VALUE}
    for registry in (training_jobs, jobs):
        kopf.on.login(registry=registry)(log_in)
    kopf.on.event(GROUP, VERSION, PLURAL, registry=training_jobs)(see_training_job)
    kopf.on.event("batch", "v1", "jobs", labels=ours, registry=jobs)(see_job)
    return training_jobs, jobs


def is_edited(body: Mapping[str, Any]) -> bool:
    """Tell whether a TrainingJob's spec is newer than its status, or it is to be deleted; else it is an echo."""
    metadata, status = body["metadata"], body.get("status") or {}
    return bool(metadata.get("deletionTimestamp")) or status.get("observedGeneration") != metadata.get("generation")


def is_at_rest(body: Mapping[str, Any]) -> bool:
    """Tell whether a TrainingJob has ended, or is refused, as it is now: then only an edit brings anything new."""
    conditions = (body.get("status") or {}).get("conditions") or ()
    holds_nodes = labels.CAPACITY_FINALIZER in (body["metadata"].get("finalizers") or ())
    ended = any(c.get("type") in ENDED and c.get("status") == "True" for c in conditions)
    return ended and not holds_nodes and not is_edited(body)


def has_ended(body: Mapping[str, Any]) -> bool:
    """Tell whether a Job has, or is about to have, come to an end."""
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(c.get("type") in TERMINAL and c.get("status") == "True" for c in conditions)


def owner_key(body: Mapping[str, Any]) -> JobKey | None:
    """Return the TrainingJob that controls a Job, if one does."""
    metadata = body["metadata"]
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller") and owner.get("kind") == KIND and owner["apiVersion"].startswith(f"{GROUP}/"):
            return JobKey(metadata["namespace"], owner["name"])
    return None


class BackOffs:
    """Seconds between tries, doubling up to a limit, without end, and from the start each time they are asked for."""

    def __init__(self, first: float = 0.5, longest: float = 30.0) -> None:
        self._first, self._longest = first, longest

    def __iter__(self) -> "BackOffs._Iterator":
        return BackOffs._Iterator(self._first, self._longest)

    class _Iterator:
        def __init__(self, first: float, longest: float) -> None:
            self._next, self._longest = first, longest

        def __iter__(self) -> "BackOffs._Iterator":
            return self

        def __next__(self) -> float:
            now, self._next = self._next, min(self._next * 2, self._longest)
            return now


def build_settings() -> kopf.OperatorSettings:
    """Return kopf's settings; each number was measured or read in its source (kubernetes.md)."""
    settings = kopf.OperatorSettings()
    settings.watching.server_timeout = 290
    settings.watching.client_timeout = 320
    settings.watching.connect_timeout = 10
    settings.watching.inactivity_timeout = 70
    settings.watching.chunk_size = 500
    settings.watching.initial_streaming = False
    settings.watching.label_selectors["batch", "v1", "jobs"] = f"{labels.MANAGED_BY}={labels.MANAGED_BY_VALUE}"
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = BackOffs()
    settings.queueing.worker_limit = None
    settings.queueing.exit_timeout = 0.2  # our handlers only enqueue: there is nothing to wait for at the end
    # Else a namespaced operator is blind for a minute: it may not list namespaces and kinds.
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.posting.loggers = False
    settings.peering.standalone = True
    settings.process.ultimate_exiting_timeout = None  # it would kill the process in which kopf is started again
    settings.persistence.finalizer = f"{GROUP}/kopf-finalizer"  # never written: no handler needs it
    return settings


async def watch(registry: kopf.OperatorRegistry, namespace: str, heed_signals: Callable[[], None]) -> None:
    """Run kopf over one namespace or ("") the whole cluster, until it is cancelled.

    Its tasks are waited for here: what kopf does for that ends every task of the process that began after it.
    Its handlers of signals are replaced at once by those of the process.

    Raises:
        ApiRefusedError: the API server refuses a list or a watch.
    """
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=build_settings(),
        clusterwide=not namespace,
        namespaces=[namespace] if namespace else [],
        standalone=True,
        # Of its peering, which is off; the default asks for the user's name, which a user by number has not.
        identity="gridfold",
    )
    heed_signals()
    try:
        await wait_together(tasks)
    except APIClientError as error:
        words = error.message or str(error)
        raise ApiRefusedError(f"kopf: {error.status}: {words}", error.status, words) from error
