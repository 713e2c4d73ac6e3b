"""Why a Job is suspended: what Kueue says in its Workload, where the operator may read it.

A Workload is asked for only while its Job is suspended, and never watched: Kueue changes the Job when it admits it,
which is seen, so that only its words can be late.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridfold.api.conditions import Reason
from gridfold.domain.observed import Waiting
from gridfold_operator.adapters.kubernetes import paths
from gridfold_operator.adapters.kubernetes.children import JobView
from gridfold_operator.adapters.kubernetes.client import KubernetesClient
from gridfold_operator.adapters.kubernetes.pods import condition
from gridfold_operator.errors import ApiNotFoundError, ApiRefusedError

JOB_UID = "kueue.x-k8s.io/job-uid"
#: Served by Kueue from 0.15 on, and by those before it.
VERSIONS = ("v1beta2", "v1beta1")
#: Where there is quota, Kueue admits a Job within a second or two; nothing is told before.
PATIENCE_SECONDS = 3.0
#: So often are Kueue's words read again in the first minute, and later.
SOON_SECONDS, LATER_SECONDS = 5.0, 30.0
_NOT_SEEN = "Kueue has not seen it: is it installed, and does it manage Jobs in this namespace?"
_NOT_SERVED = (
    "this cluster has no Kueue (it does not know the kind Workload): have it installed, or leave "
    "spec.execution.queueName out"
)
_MAY_NOT_READ = (
    "it has not admitted it; kubectl get workloads says why (the operator may not read them: set kueue.enabled in its "
    "chart)"
)


@dataclass(frozen=True)
class Hold:
    """What is told of a suspended Job, and when to look again."""

    look_again_seconds: float
    found: tuple[Waiting, ...] = ()


async def find_hold(client: KubernetesClient, namespace: str, job: JobView, now: datetime, *, may_read: bool) -> Hold:
    """Return why a suspended Job does not run."""
    seconds = (now - (job.suspended or now)).total_seconds()
    if not job.lacking_pods or seconds < PATIENCE_SECONDS:
        return Hold(PATIENCE_SECONDS)
    reason, words = await _read(client, namespace, job) if may_read else _unread(job)
    waiting = Waiting(reason, words, job.lacking_pods, seconds)
    return Hold(SOON_SECONDS if seconds < 60 else LATER_SECONDS, (waiting,))


def _unread(job: JobView) -> tuple[str, str]:
    return (Reason.QUEUED, f"{_place(job)}: {_MAY_NOT_READ}") if job.queue else _by_hand(job)


def _by_hand(job: JobView) -> tuple[str, str]:
    """Return what is said of a Job that somebody has suspended, as far as we know not Kueue."""
    words = f"its Job {job.name} has been suspended, not by Gridfold; the run goes on when that is taken back"
    return Reason.JOB_SUSPENDED, words


def _place(job: JobView) -> str:
    return f"in the queue {job.queue} of Kueue" if job.queue else "for Kueue"


async def _read(client: KubernetesClient, namespace: str, job: JobView) -> tuple[str, str]:
    """Return reason and words by the Job's Workload; other clusters than expected are told as what they are."""
    for version in VERSIONS:
        path = paths.collection(f"/apis/kueue.x-k8s.io/{version}", "workloads", namespace)
        try:
            workloads = await client.items(path, labelSelector=f"{JOB_UID}={job.uid}")
        except ApiNotFoundError:
            continue
        except ApiRefusedError:
            return _unread(job)
        if workloads:
            return words_of(workloads[0], job)
        return (Reason.QUEUED, f"{_place(job)}: {_NOT_SEEN}") if job.queue else _by_hand(job)
    return (Reason.INADMISSIBLE, f"{_place(job)}: {_NOT_SERVED}") if job.queue else _by_hand(job)


def words_of(workload: Mapping[str, Any], job: JobView) -> tuple[str, str]:
    """Return reason and words of a Workload that is not admitted, in the words of Kueue."""
    status = workload.get("status") or {}
    evicted, quota = condition(status, "Evicted"), condition(status, "QuotaReserved")
    said = str(quota.get("message") or "").strip()
    if evicted.get("status") == "True":
        reason = Reason.PREEMPTED if evicted.get("reason") == "Preempted" else Reason.EVICTED
        told = dict.fromkeys(filter(None, (str(evicted.get("message") or ""), said)))
        return reason, f"{_place(job)}, which has taken its quota back: {'; '.join(told)}"
    if quota.get("status") == "True":
        return Reason.QUEUED, f"{_place(job)}, which has quota for it: {_checks(status)}"
    reason = Reason.INADMISSIBLE if quota.get("reason") == "Inadmissible" else Reason.QUEUED
    return reason, f"{_place(job)}: {said or 'others are before it'}"


def _checks(status: Mapping[str, Any]) -> str:
    """Return which admission checks are still waited for."""
    open_checks = [check for check in status.get("admissionChecks") or () if check.get("state") != "Ready"]
    told = (f"{check.get('name')} ({check.get('message') or check.get('state')})" for check in open_checks)
    return f"the admission check {', '.join(told)} is not done yet" if open_checks else "it is about to begin"
