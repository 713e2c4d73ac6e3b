"""What the operator's ServiceAccount may create: its own Jobs and nothing more. Tried on the real API server."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gridfold.api.v1alpha1 import Metadata
from gridfold_operator.manifests import build_stage_manifest, build_wave_manifest
from gridfold_operator.settings import TrainerSettings
from tests.cluster.installation import CHART, helm, make_namespace
from tests.cluster.kind import ensure_kind
from tests.cluster.policies import assert_checked_without_mistake
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Cluster
from tests.testbed.waiting import wait_until
from tests.unit.operator.test_manifests import start_prepare, start_wave

pytestmark = pytest.mark.cluster

Manifest = dict[str, Any]
Edit = Callable[[Manifest], object]
REPOSITORY, EARLIER = "registry.example/gridfold-trainer", "registry.example/earlier"
#: Of the platform, as the chart names them in trainer.env; values are to come through as they are.
VARIABLES = {"OPENBLAS_CORETYPE": "Haswell", "WORDS": "\"a\" 'b' \\c <d> & \u00e4\n${e} {{ f }}", "EMPTY": ""}


@dataclass(frozen=True)
class Operator:
    """The operator's ServiceAccount, and the namespace that it serves."""

    kubectl: Kubectl
    namespace: str
    account: str

    def jobs(self, image: str) -> list[Manifest]:
        """Return what it creates: prepare's Job, and a wave's."""
        owner = Metadata(name="job", namespace=self.namespace, uid="00000000-0000-0000-0000-000000000001")
        settings = TrainerSettings(image=image, env=VARIABLES)
        return [
            build_stage_manifest(owner, start_prepare(), settings),
            build_wave_manifest(owner, start_wave(), settings),
        ]

    def refusal(self, job: Manifest) -> str:
        """Return what the API server says against a Job, "" if nothing."""
        words = (f"--as={self.account}", "create", "--namespace", self.namespace, "--dry-run=server", "-f", "-")
        try:
            self.kubectl(*words, stdin=json.dumps(job))
        except TestbedError as error:
            return str(error)
        return ""


@pytest.fixture(scope="module")
def operator(testbed: Cluster) -> Iterator[Operator]:
    kubectl = testbed.kubectl
    ensure_kind(kubectl)
    namespace, release = make_namespace(kubectl, "served"), make_namespace(kubectl, "gridfold-system")
    values: dict[str, Any] = {"watchNamespaces": [namespace], "fullnameOverride": "gridfold", "replicas": 0}
    values |= {
        "crds": {"install": False},
        "trainer": {"image": {"repository": REPOSITORY, "tag": "1"}, "env": VARIABLES},
    }
    values |= {"admission": {"trainerImages": [EARLIER]}}
    try:
        helm(testbed, "install", "gridfold", str(CHART), "--namespace", release, values=values)
        made = Operator(kubectl, namespace, f"system:serviceaccount:{release}:gridfold")

        def missing() -> str | None:
            said = made.refusal(made.jobs("registry.example/other:1")[0])
            return None if "may not run the image" in said else f"It says {said!r}."

        wait_until(missing, timeout_seconds=60, what="The policy is in force")
        yield made
    finally:
        helm(testbed, "uninstall", "gridfold", "--namespace", release)
        kubectl("delete", "namespace", namespace, release, "--wait=false")


@pytest.mark.parametrize("image", [f"{REPOSITORY}:1", f"{REPOSITORY}@sha256:{'0' * 64}", f"{EARLIER}:0"])
def test_the_operator_may_create_the_jobs_that_it_creates(operator: Operator, image: str) -> None:
    assert [operator.refusal(job) for job in operator.jobs(image)] == ["", ""]


def test_the_api_server_finds_no_mistake_in_the_policy(operator: Operator) -> None:
    name = operator.account.split(":")[2]
    assert_checked_without_mistake(operator.kubectl, f"{name}-gridfold-jobs")


def pod(**changes: Any) -> Edit:
    return lambda job: job["spec"]["template"]["spec"].update(changes)


def container(**changes: Any) -> Edit:
    return lambda job: job["spec"]["template"]["spec"]["containers"][0].update(changes)


def confined(**changes: Any) -> Edit:
    return lambda job: job["spec"]["template"]["spec"]["containers"][0]["securityContext"].update(changes)


def pods_context(**changes: Any) -> Edit:
    return lambda job: job["spec"]["template"]["spec"]["securityContext"].update(changes)


def volume(**source: Any) -> Edit:
    return lambda job: job["spec"]["template"]["spec"]["volumes"].append({"name": "more", **source})


def variable(name: str, value: str) -> Edit:
    return lambda job: job["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": name, "value": value})


def mount(name: str, path: str) -> Edit:
    mounted = {"name": name, "mountPath": path}
    return lambda job: job["spec"]["template"]["spec"]["containers"][0]["volumeMounts"].append(mounted)


def in_the_home_folder(job: Manifest) -> None:
    """Have files of the caller's choice where Python looks for code of the user."""
    spec = job["spec"]["template"]["spec"]
    spec["volumes"].append({"name": "more", "projected": {"sources": [{"configMap": {"name": "theirs"}}]}})
    spec["containers"][0]["volumeMounts"] = [{"name": "more", "mountPath": "/scratch"}]


def owner(**changes: Any) -> Edit:
    return lambda job: job["metadata"]["ownerReferences"][0].update(changes)


def another_container(kind: str) -> Edit:
    def edit(job: Manifest) -> None:
        spec = job["spec"]["template"]["spec"]
        spec[kind] = [*spec.get(kind, []), {**copy.deepcopy(spec["containers"][0]), "name": "more"}]

    return edit


CONFIG = {"name": "V", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}
CAPABILITIES = {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
#: An edit of a good Job, and what the API server must say against it.
BROKEN: list[tuple[str, Edit]] = [
    ("owner is a TrainingJob", lambda job: job["metadata"].pop("ownerReferences")),
    ("owner is a TrainingJob", owner(kind="ConfigMap", apiVersion="v1")),
    ("owner is a TrainingJob", owner(apiVersion="example.com/v1")),
    ("owner is a TrainingJob", owner(controller=False)),
    ("one container", another_container("containers")),
    ("one container", another_container("initContainers")),
    ("may not run the image busybox", container(image="busybox")),
    ("may not run the image", container(image=f"{REPOSITORY}-other:1")),
    ("may not run the image", container(image=f"evil.example/{REPOSITORY}:1")),
    ("run python -m gridfold_trainer", container(command=["sh", "-c", "id"])),
    ("run python -m gridfold_trainer", container(command=None)),
    ("run python -m gridfold_trainer", container(args=["x"])),
    ("run python -m gridfold_trainer", container(lifecycle={"postStart": {"exec": {"command": ["id"]}}})),
    ("run python -m gridfold_trainer", container(startupProbe={"exec": {"command": ["id"]}})),
    ("environment stands in them", container(env=[CONFIG])),
    ("environment stands in them", container(envFrom=[{"secretRef": {"name": "all"}}])),
    ("may not set the variable PYTHONPATH", variable("PYTHONPATH", "/scratch")),
    ("may not set the variable PYTHONSTARTUP", variable("PYTHONSTARTUP", "/etc/gridfold/job.json")),
    ("may not set the variable LD_PRELOAD", variable("LD_PRELOAD", "/scratch/a.so")),
    ("may not set the variable LD_LIBRARY_PATH", variable("LD_LIBRARY_PATH", "/scratch")),
    ("may not set the variable PATH", variable("PATH", "/etc/gridfold")),
    ("may not set the variable OPENSSL_CONF", variable("OPENSSL_CONF", "/etc/gridfold/a.cnf")),
    ("may not set the variable HOME", variable("HOME", "/etc/gridfold")),
    ("may not set the variable OPENBLAS_CORETYPE", variable("OPENBLAS_CORETYPE", "Zen")),
    ("(no workingDir)", container(workingDir="/scratch")),
    ("mount volumes at /etc/gridfold", mount("input", "/opt/gridfold")),
    ("mount volumes at /etc/gridfold", mount("scratch", "/tmp")),
    ("mount volumes at /etc/gridfold", in_the_home_folder),
    ("(no nodeName)", pod(nodeName="control-plane")),
    ("automountServiceAccountToken false", pod(automountServiceAccountToken=True)),
    ("automountServiceAccountToken false", pod(automountServiceAccountToken=None)),
    ("volumes are emptyDir", volume(hostPath={"path": "/"})),
    ("volumes are emptyDir", volume(persistentVolumeClaim={"claimName": "theirs"})),
    ("volumes are emptyDir", volume(csi={"driver": "d"})),
    ("volumes are emptyDir", volume(projected={"sources": [{"serviceAccountToken": {"path": "t"}}]})),
    ("without the host's network", pod(hostNetwork=True)),
    ("without the host's network", pod(hostPID=True)),
    ("without the host's network", pod(hostIPC=True)),
    ("without the host's network", pod(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["s3"]}])),
    ("without the host's network", container(ports=[{"containerPort": 80, "hostPort": 80}])),
    ("(the pod's securityContext)", pod(securityContext=None)),
    ("(the pod's securityContext)", pods_context(runAsNonRoot=False)),
    ("(the pod's securityContext)", pods_context(runAsUser=0)),
    ("(the pod's securityContext)", pods_context(seccompProfile={"type": "Unconfined"})),
    ("(the pod's securityContext)", pods_context(sysctls=[{"name": "kernel.shm_rmid_forced", "value": "1"}])),
    ("(the container's securityContext)", container(securityContext=None)),
    ("(the container's securityContext)", confined(allowPrivilegeEscalation=True)),
    ("(the container's securityContext)", confined(privileged=True, allowPrivilegeEscalation=None)),
    ("(the container's securityContext)", confined(readOnlyRootFilesystem=False)),
    ("(the container's securityContext)", confined(capabilities=CAPABILITIES)),
    ("(the container's securityContext)", confined(capabilities=None)),
    ("(the container's securityContext)", confined(runAsUser=0)),
    ("(the container's securityContext)", confined(runAsNonRoot=False)),
    ("(the container's securityContext)", confined(seccompProfile={"type": "Unconfined"})),
]


@pytest.mark.parametrize(("words", "edit"), BROKEN, ids=range(len(BROKEN)))
def test_a_job_that_is_more_than_the_trainers_is_refused(operator: Operator, words: str, edit: Edit) -> None:
    job = operator.jobs(f"{REPOSITORY}:1")[0]
    edit(job)
    said = operator.refusal(job)
    assert words in said
    assert "ValidatingAdmissionPolicy" in said


def test_the_jobs_of_others_are_none_of_the_policys(operator: Operator) -> None:
    job = operator.jobs("busybox")[0]
    words = ("create", "--namespace", operator.namespace, "--dry-run=server", "-f", "-")
    operator.kubectl(*words, stdin=json.dumps(job))
