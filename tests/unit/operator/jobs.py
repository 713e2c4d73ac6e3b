"""TrainingJobs, stage inputs and API server's documents for the operator's tests."""

from typing import Any

from gridfold.api import labels
from gridfold.api.handoff import PreparedRun, Stage, StageInput
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Metadata, TrainingJobSpec
from gridfold.api.validation import parse_training_job
from gridfold.domain.groups import alone
from gridfold.domain.plan import StartStage, StartWave

UID = "0f1e2d3c-0000-4000-8000-000000000001"
DIGEST = "ab" * 32
OWNER = Metadata(name="pima", namespace="team-a", uid=UID, generation=3, resource_version="42")


def spec_document() -> dict[str, Any]:
    return {
        "storage": {"endpoint": "http://10.0.0.1:9000", "credentialsSecretName": "s3"},
        "dataset": {"sources": [{"uri": "s3://data/pima.csv"}], "target": "diabetes"},
        "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
        "search": {"grid": [{"C": [0.1, 1.0], "class_weight": [None, "balanced"]}]},
        "output": {"uri": "s3://out/pima/"},
    }


def training_job_document(name: str = "pima", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gridfold.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": name, "namespace": "team-a", "uid": UID, "generation": 3, "resourceVersion": "42"},
        "spec": {**spec_document(), **spec},
    }


def job_spec(**spec: Any) -> TrainingJobSpec:
    return parse_training_job(training_job_document(**spec)).spec


def stage_input(**spec: Any) -> StageInput:
    return StageInput(namespace="team-a", name="pima", uid=UID, generation=3, run_digest=DIGEST, spec=job_spec(**spec))


def start_prepare(**spec: Any) -> StartStage:
    return StartStage(Stage.PREPARE, "pima-abababab-prepare", stage_input(**spec))


def start_wave(cells: tuple[int, ...] = (0, 1, 2, 5), **spec: Any) -> StartWave:
    prepared = PreparedRun(digest="d", environment="e", resolved=Resolved(), split_digest="s")
    told = stage_input(**spec).model_copy(update={"prepared": prepared, "cells": "0-2,5"})
    return StartWave("pima-abababab-w0", 0, alone(cells), 20, told)


def owner_reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": kind, "name": name, "uid": uid, "controller": True}


def pod_document(name: str, job_uid: str, *, index: int | None = None, **status: Any) -> dict[str, Any]:
    """Return a pod of a Job of ours as the API server shows it."""
    annotations = {labels.JOB: "pima"}
    if index is not None:
        annotations["batch.kubernetes.io/job-completion-index"] = str(index)
    return {
        "metadata": {
            "name": name,
            "namespace": "team-a",
            "uid": f"uid-of-{name}",
            "creationTimestamp": "2026-01-01T10:00:00Z",
            "annotations": annotations,
            "ownerReferences": [owner_reference("Job", "pima-w0", job_uid)],
            "resourceVersion": "7",
        },
        "status": status,
    }


SCHEDULED = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T10:00:05Z"}


def terminated(code: int, reason: str, message: str = "", finished: str = "2026-01-01T10:01:00Z") -> dict[str, Any]:
    """Return the fields of a pod's status whose container has ended."""
    started = "2026-01-01T10:00:06Z"
    state = {"exitCode": code, "reason": reason, "message": message, "startedAt": started, "finishedAt": finished}
    return {
        "phase": "Succeeded" if code == 0 else "Failed",
        "conditions": [SCHEDULED],
        "containerStatuses": [{"name": "trainer", "state": {"terminated": state}}],
    }


def running() -> dict[str, Any]:
    return {
        "phase": "Running",
        "conditions": [SCHEDULED],
        "containerStatuses": [{"name": "trainer", "state": {"running": {"startedAt": "2026-01-01T10:00:06Z"}}}],
    }


def container_waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {
        "phase": "Pending",
        "conditions": [SCHEDULED],
        "containerStatuses": [{"name": "trainer", "state": {"waiting": {"reason": reason, "message": message}}}],
    }


def unschedulable(message: str) -> dict[str, Any]:
    scheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": "2026-01-01T10:00:01Z",
    }
    return {"phase": "Pending", "conditions": [scheduled]}


def job_document(stage: Stage, name: str, *, uid: str = "job-1", cells: str = "", **status: Any) -> dict[str, Any]:
    """Return a child Job as the API server shows it."""
    marks = {labels.STAGE: stage.value, labels.JOB: "pima", labels.MANAGED_BY: "gridfold"}
    annotations = {labels.RUN: DIGEST, labels.JOB: "pima"}
    spec: dict[str, Any] = {"parallelism": 1, "completions": 1}
    if stage is Stage.CELL:
        marks[labels.WAVE] = "1"
        annotations[labels.CELLS] = cells
        spec = {"parallelism": 3, "completions": 4, "completionMode": "Indexed"}
    owner = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "name": "pima", "uid": UID}
    return {
        "metadata": {
            "name": name,
            "namespace": "team-a",
            "uid": uid,
            "labels": marks,
            "annotations": annotations,
            "creationTimestamp": "2026-01-01T10:00:00Z",
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": spec,
        "status": status,
    }


def ended(kind: str) -> dict[str, Any]:
    """Return the conditions of a Job that has come to an end."""
    return {"conditions": [{"type": kind, "status": "True"}]}
