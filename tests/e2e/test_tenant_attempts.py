"""What a tenant tries who may create and edit TrainingJobs and nothing else: refused in words, by whoever can judge it.

Each is tried twice on the real API server: as a new TrainingJob, and as an edit of one that runs, whose pod stays.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gridfold.domain.lifecycle import GOES_ON
from tests.cluster.installation import chart_values, installed, make_namespace
from tests.e2e.cluster_jobs import LONG_CELLS, SECRET, ClusterJobs, condition, two_column_table
from tests.testbed.addresses import SERVICE_IP
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

TENANT = "anna"
Spec = dict[str, Any]
Edit = Callable[[Spec], object]


def put(path: str, value: Any) -> Edit:
    """Return what writes a field of the spec by its path."""

    def edit(spec: Spec) -> None:
        *folders, name = path.split(".")
        for folder in folders:
            spec = spec.setdefault(folder, {})
        spec[name] = value

    return edit


def source(uri: str, **storage: str) -> Edit:
    def edit(spec: Spec) -> None:
        spec["dataset"]["sources"].append({"uri": uri, **({"storage": storage} if storage else {})})

    return edit


#: What the API server refuses at once, and words that it must say.
AT_ONCE: dict[str, tuple[Edit, str]] = {
    "another's Secret": (
        put("storage.credentialsSecretName", "theirs"),
        "the Secret theirs, which anna may neither read nor use",
    ),
    "another's Secret for a source": (source("s3://a/b.csv", credentialsSecretName="theirs"), "the Secret theirs"),
    "another's ConfigMap": (put("storage.caBundleConfigMapName", "theirs"), "the ConfigMap theirs"),
    "another's ConfigMap for a source": (
        source("s3://a/b.csv", caBundleConfigMapName="theirs"),
        "the ConfigMap theirs",
    ),
    "a ServiceAccount": (put("execution.template.serviceAccountName", "admin"), "anna may neither act as nor use"),
    "one for prepare": (
        put("execution.prepare.template.serviceAccountName", "admin"),
        "anna may neither act as nor use",
    ),
    "one for refit": (put("execution.refit.template.serviceAccountName", "admin"), "anna may neither act as nor use"),
    "a password in an address": (put("storage.endpoint", "http://user:word@s3.example.com"), "user name or password"),
    "a label of Argo CD": (
        put("execution.template.labels", {"argocd.argoproj.io/instance": "a"}),
        "must not name labels",
    ),
    "a label of Kueue": (put("execution.template.labels", {"kueue.x-k8s.io/queue-name": "a"}), "must not name labels"),
    "a label of the operator": (put("execution.template.labels", {"gridfold.dev/job": "a"}), "must not name labels"),
    "a label of Jobs": (
        put("execution.template.labels", {"batch.kubernetes.io/job-name": "a"}),
        "must not name labels",
    ),
    "an image": (put("execution.image", "busybox"), 'unknown field "spec.execution.image"'),
    "an image in the template": (put("execution.template.image", "busybox"), "unknown field"),
    "a command": (put("execution.template.command", ["sh"]), "unknown field"),
    "a container": (put("execution.template.containers", [{"name": "a", "image": "busybox"}]), "unknown field"),
    "a volume": (put("execution.template.volumes", [{"name": "a", "hostPath": {"path": "/"}}]), "unknown field"),
    "the host's network": (put("execution.template.hostNetwork", True), "unknown field"),
    "a privileged pod": (put("execution.template.securityContext", {"privileged": True}), "unknown field"),
    "a variable": (put("execution.template.env", [{"name": "A", "value": "b"}]), "unknown field"),
    "a token of the API": (put("execution.template.automountServiceAccountToken", True), "unknown field"),
    "a program as estimator": (put("estimator.className", "os.system('id')"), "className"),
    "too many pods at a time": (put("execution.parallelism", 10_001), "10000"),
}
THEIRS = {"endpoint": "https://s3.example.com", "credentialsSecretName": "platforms"}


def moved_to_a_source(spec: Spec) -> None:
    spec["dataset"]["sources"].append({"uri": "s3://open/more.csv", "storage": spec["storage"]})
    spec["storage"] = {"endpoint": "https://s3.annas.example.com"}


#: Edits of a job that names a Secret and a ServiceAccount of the platform's, which use them for something else.
TURNED: dict[str, Edit] = {
    "a source": put("dataset.sources", [{"uri": "s3://annas/rows.csv"}]),
    "a further source": source("s3://annas/rows.csv"),
    "a source elsewhere": source("s3://annas/rows.csv", endpoint="https://s3.annas.example.com"),
    "an output": put("output.uri", "s3://annas/"),
    "a cache": put("output.cacheUri", "s3://annas/"),
    "an endpoint": put("storage.endpoint", "https://s3.annas.example.com"),
}
TURNED_SECRET = {**TURNED, "moved to a source": moved_to_a_source}
TURNED_ACCOUNT = {
    **TURNED,
    "pods that had none": put("execution.refit.template", {}),
    "other pods": put("execution", {"prepare": {"template": {"serviceAccountName": "platforms"}}}),
}
KEPT: dict[str, tuple[Spec, dict[str, Edit], str]] = {
    "Secret": ({"storage": THEIRS}, TURNED_SECRET, "the Secret platforms, which anna may neither read nor use"),
    "ServiceAccount": (
        {
            "storage": {"endpoint": THEIRS["endpoint"]},
            "execution": {
                "template": {"serviceAccountName": "platforms"},
                "refit": {"template": {"serviceAccountName": ""}},
            },
        },
        TURNED_ACCOUNT,
        "the ServiceAccount platforms, which anna may neither act as nor use",
    ),
}
LIMITS: Spec = {
    "maxCells": 4,
    "maxParallelism": 2,
    "maxTimeoutSeconds": 86_400,
    "maxMemory": "1Gi",
    "maxCpu": "2",
    "extendedResources": {},
    "estimatorPrefixes": [],
    "priorityClasses": [],
    "tolerations": ["dedicated=training"],
    "queues": [],
    "trainers": ["default"],
    "defaults": {"parallelism": 1, "resources": {"limits": {"cpu": "1", "memory": "700Mi"}}},
}
#: What the operator refuses, and words that its condition must have.
BY_THE_PLATFORM: dict[str, tuple[Edit, str]] = {
    "cells": (put("search", {"grid": [{"C": [1, 2, 3, 4, 5]}]}), "may have a number of cells of at most 4"),
    "pods at a time": (put("execution.parallelism", 3), "may have a parallelism of at most 2"),
    "a long run": (put("execution.timeoutSeconds", 86_401), "may have runs of at most 86400 seconds"),
    "memory": (put("execution.resources", {"limits": {"memory": "2Gi", "cpu": "1"}}), "at most 1Gi of memory"),
    "memory of refit": (put("execution.refit", {"resources": {"limits": {"memory": "2Gi"}}}), "at most 1Gi of memory"),
    "memory of later tries": (put("execution.outOfMemory", {"maxMemory": "2Gi"}), "at most 1Gi of memory"),
    "CPU": (put("execution.resources", {"limits": {"memory": "1Gi", "cpu": "3"}}), "at most 2 CPU"),
    "a GPU": (
        put("execution.resources", {"limits": {"memory": "1Gi", "cpu": "1", "nvidia.com/gpu": "1"}}),
        "may have no extended resource",
    ),
    "huge pages": (
        put("execution.resources", {"limits": {"memory": "1Gi", "cpu": "1", "hugepages-2Mi": "2Mi"}}),
        "may have no extended resource",
    ),
    "a package": (put("estimator.className", "lightgbm.LGBMClassifier"), "may name no estimator but those of sklearn"),
    "a priority": (put("execution.template.priorityClassName", "system-node-critical"), "may name no PriorityClass"),
    "a priority of prepare": (put("execution.prepare.template", {"priorityClassName": "high"}), "no PriorityClass"),
    "every taint": (put("execution.template.tolerations", [{"operator": "Exists"}]), "no taint to be tolerated but"),
    "a taint of others": (put("execution.template.tolerations", [{"key": "a", "value": "b"}]), "no taint to be"),
    "a queue": (put("execution.queueName", "theirs"), "may name no queue"),
    "another image": (put("execution.trainer", "boosters"), "may name no trainer image but default"),
    "an image that is not there": (put("execution.trainer", "mine"), "no trainer image of this name"),
    "data of others": (source("s3://theirs/data.csv"), "may have no source but those below"),
    "data by a detour": (source("s3://open/../theirs/data.csv"), "must not have the parts . or .."),
    "data by encoding": (source("s3://open/%2e%2e/theirs.csv"), "encoded dots"),
    "a file of the node": (source("file:///etc/passwd"), "may have no source but those below"),
    "a page": (source("https://open.example.com/data.csv"), "may have no source but those below"),
    "an output of others": (put("output.uri", "s3://theirs/model/"), "may have no output but those below"),
    "a cache of others": (put("output.cacheUri", "s3://theirs/cache/"), "may have no output but those below"),
}


@dataclass
class Tenant:
    """Somebody with the chart's own role in one namespace, and a running job there."""

    jobs: ClusterJobs
    running: dict[str, Any]  #: the manifest of the job that runs
    pod: str  #: the uid of its pod

    @property
    def kubectl(self) -> Kubectl:
        return self.jobs.kubectl

    def apply(self, manifest: dict[str, Any]) -> None:
        words = (f"--as={TENANT}", "apply", "--namespace", self.jobs.namespace, "-f", "-")
        self.kubectl(*words, stdin=json.dumps(manifest))

    def good(self, purpose: str) -> dict[str, Any]:
        """Return a job that is within all limits."""
        return manifest_of(self.jobs, purpose, self.running["spec"]["dataset"]["sources"][0]["uri"])

    def edited(self, edit: Edit) -> dict[str, Any]:
        """Return the running job with an edit."""
        manifest = copy.deepcopy(self.running)
        edit(manifest["spec"])
        return manifest

    def assert_undisturbed(self) -> None:
        """See that the one pod of the running job is the same as ever, and runs."""
        pods = self.jobs.children("pods", self.running["metadata"]["name"], "cell")
        assert [(pod["metadata"]["uid"], pod["status"]["phase"]) for pod in pods] == [(self.pod, "Running")]


def manifest_of(jobs: ClusterJobs, purpose: str, data: str, **spec: Any) -> dict[str, Any]:
    manifest = jobs.manifest(purpose, data, **spec)
    manifest["spec"]["execution"] = {"resources": {"requests": {"cpu": "100m", "memory": "160Mi"}}}
    return manifest


@pytest.fixture(scope="module")
def tenant(testbed: Cluster, images: dict[str, str], session_bucket: Bucket) -> Iterator[Tenant]:
    """A tenant of an operator that has every limit; the tenant may use the one Secret that is theirs."""
    kubectl, namespace = testbed.kubectl, make_namespace(testbed.kubectl, "tenant")
    where = ("--namespace", namespace)
    prefixes = {"sourcePrefixes": [f"{session_bucket.uri}/data/", "s3://open/"], "outputPrefixes": [session_bucket.uri]}
    values = chart_values(images, (namespace,), tenancy={"namespaces": {namespace: {**LIMITS, **prefixes}}})
    values["trainer"]["estimatorPrefixes"] = ["lightgbm"]
    values["trainer"]["images"] = {"boosters": {"repository": "localhost/gridfold-boosters", "tag": "1"}}
    values["tenancy"]["namespaces"][namespace]["allowedEndpoints"] = [testbed.s3_endpoint]
    try:
        with installed(testbed, values) as operator:
            jobs = ClusterJobs(testbed, namespace, session_bucket, operator)
            jobs.add_credentials()
            edit = f"--clusterrole={operator.namespace}-gridfold-edit"
            kubectl("create", "rolebinding", "tenant", edit, f"--user={TENANT}", *where)
            rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET], "verbs": ["use"]}
            role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "own-secret"}}
            kubectl.apply({**role, "rules": [rule]}, namespace=namespace)
            kubectl("create", "rolebinding", "own-secret", "--role=own-secret", f"--user={TENANT}", *where)
            running = manifest_of(jobs, "running", jobs.upload(two_column_table()), **LONG_CELLS)
            made = Tenant(jobs, running, "")
            wait_until(lambda: _judged(made), timeout_seconds=60, what="The API server has the policy and the role")
            name = running["metadata"]["name"]
            jobs.names.append(name)
            jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) == 1)
            (pod,) = jobs.children("pods", name, "cell")
            made.pod = pod["metadata"]["uid"]
            yield made
            jobs.delete(name)
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def _judged(tenant: Tenant) -> str | None:
    """Return what is missing of the role, and of the policy, which is in force a moment after it was made."""
    try:
        tenant.apply(tenant.running)
        edit, words = AT_ONCE["another's Secret"]
        tenant.apply(tenant.edited(edit))
    except TestbedError as error:
        return None if words in str(error) else str(error)
    return "a Secret may be named"


@pytest.mark.parametrize(("edit", "words"), AT_ONCE.values(), ids=AT_ONCE)
def test_what_the_api_server_refuses_at_once(tenant: Tenant, edit: Edit, words: str) -> None:
    new = tenant.good("new")
    edit(new["spec"])
    for manifest in (new, tenant.edited(edit)):
        with pytest.raises(TestbedError) as caught:
            tenant.apply(manifest)
        assert words in str(caught.value)
    assert "NotFound" in _missing(tenant, new["metadata"]["name"])
    tenant.assert_undisturbed()


@pytest.mark.parametrize(("names", "edits", "words"), KEPT.values(), ids=KEPT)
def test_an_edit_keeps_what_the_platform_has_named_only_for_what_it_was_named_for(
    tenant: Tenant, names: Spec, edits: dict[str, Edit], words: str
) -> None:
    manifest = {**tenant.good("kept")}
    manifest["spec"] = {**manifest["spec"], "suspend": True, **names}
    name = tenant.jobs.apply(manifest)
    for title, edit in edits.items():
        edited = copy.deepcopy(manifest)
        edit(edited["spec"])
        with pytest.raises(TestbedError) as caught:
            tenant.apply(edited)
        assert words in str(caught.value), title
        assert "it was named before: an edit may keep it if it leaves" in str(caught.value), title
    edited = copy.deepcopy(manifest)
    for edit in (put("search", {"grid": [{"C": [1]}]}), put("retry", 1), put("execution.parallelism", 1)):
        edit(edited["spec"])
    tenant.apply(edited)
    stored = tenant.kubectl.get("trainingjob", name, "--namespace", tenant.jobs.namespace)["spec"]
    assert (stored["retry"], stored["storage"]) == (1, {**names["storage"], "addressingStyle": "Auto"})
    tenant.jobs.delete(name)


def _missing(tenant: Tenant, name: str) -> str:
    with pytest.raises(TestbedError) as caught:
        tenant.kubectl("get", "trainingjob", name, "--namespace", tenant.jobs.namespace)
    return str(caught.value)


def test_fields_that_are_none_have_no_effect_where_the_tenant_forbids_the_api_server_to_check_them(
    tenant: Tenant,
) -> None:
    new = tenant.good("unchecked")
    for name in ("an image", "a container", "a volume", "the host's network", "a privileged pod"):
        AT_ONCE[name][0](new["spec"])
    words = ("apply", "--namespace", tenant.jobs.namespace, "--validate=false", "-f", "-")
    tenant.kubectl(f"--as={TENANT}", *words, stdin=json.dumps(new))
    name = new["metadata"]["name"]
    stored = tenant.kubectl.get("trainingjob", name, "--namespace", tenant.jobs.namespace)["spec"]["execution"]
    assert stored["template"] == {}
    assert "image" not in stored
    tenant.jobs.delete(name)


def test_what_the_platform_refuses_starts_nothing_and_says_value_limit_and_who_sets_it(tenant: Tenant) -> None:
    made: dict[str, str] = {}
    for number, (title, (edit, _)) in enumerate(BY_THE_PLATFORM.items()):
        new = tenant.good(f"new-{number}")
        edit(new["spec"])
        tenant.apply(new)
        made[title] = new["metadata"]["name"]
    for title, name in made.items():
        status = tenant.jobs.wait(
            name, f"is refused ({title})", lambda s: condition(s, "Accepted")["status"] == "False"
        )
        _assert_told(status, title)
        assert tenant.jobs.children("jobs", name) == []
    tenant.jobs.delete(*made.values())


def test_what_the_platform_refuses_it_refuses_of_an_edit_too_and_what_runs_goes_on(tenant: Tenant) -> None:
    name = tenant.running["metadata"]["name"]
    for title, (edit, _) in BY_THE_PLATFORM.items():
        tenant.apply(tenant.edited(edit))
        status = tenant.jobs.wait(name, f"is judged ({title})", lambda s: _judges(tenant, s))
        _assert_told(status, title)
        assert condition(status, "Accepted")["message"].endswith(GOES_ON)
        tenant.assert_undisturbed()
    tenant.apply(tenant.running)
    status = tenant.jobs.wait(name, "is accepted again", lambda s: condition(s, "Accepted")["status"] == "True")
    tenant.jobs.wait(name, "runs as before", lambda s: s["state"] == "Running")
    tenant.assert_undisturbed()


def _judges(tenant: Tenant, status: dict[str, Any]) -> bool:
    name = tenant.running["metadata"]["name"]
    metadata = tenant.kubectl.get("trainingjob", name, "--namespace", tenant.jobs.namespace)["metadata"]
    return bool(status.get("observedGeneration") == metadata["generation"])


def _assert_told(status: dict[str, Any], title: str) -> None:
    accepted = condition(status, "Accepted")
    assert (title, accepted["status"], accepted["reason"]) == (title, "False", "NotAllowed")
    assert BY_THE_PLATFORM[title][1] in accepted["message"]
    assert "of the operator's chart" in accepted["message"]
    assert "ask the platform team, who sets it" in accepted["message"]


@pytest.mark.parametrize(
    "words",
    [
        (
            "patch",
            "trainingjob",
            "JOB",
            "--subresource=status",
            "--type=merge",
            "-p",
            '{"status":{"state":"Complete"}}',
        ),
        ("create", "job", "mine", "--image=busybox"),
        ("run", "mine", "--image=busybox"),
        ("create", "configmap", "mine", "--from-literal=a=b"),
        ("get", "secret", "other"),
        ("get", "secret", SECRET),
        ("create", "token", "default"),
        ("delete", "lease", "gridfold-operator"),
        ("delete", "pods", "--all"),
        ("get", "trainingjobs", "--namespace=kube-system"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_the_chart_gives_a_tenant_nothing_but_trainingjobs(tenant: Tenant, words: tuple[str, ...]) -> None:
    argv = [tenant.running["metadata"]["name"] if word == "JOB" else word for word in words]
    where = [] if any(word.startswith("--namespace") for word in words) else ["--namespace", tenant.jobs.namespace]
    with pytest.raises(TestbedError, match="(?i)forbidden"):
        tenant.kubectl(f"--as={TENANT}", *argv, *where)


#: Servers that are not in the list, public ones too.
OTHER_SERVERS: dict[str, Edit] = {
    "storage of their own": put("storage.endpoint", "https://8.8.8.8"),
    "storage of their own for a source": source("s3://open/a.csv", endpoint="https://8.8.8.8"),
    "a server of their own": source("https://8.8.8.8/a.csv"),
    "the API server": put("storage.endpoint", f"https://{SERVICE_IP}"),
    "the machine itself": put("storage.endpoint", "http://127.0.0.1:9000"),
}


def test_data_goes_to_no_server_but_those_that_the_platform_names(tenant: Tenant) -> None:
    namespace = tenant.jobs.namespace
    for number, (title, edit) in enumerate(OTHER_SERVERS.items()):
        new = tenant.good(f"server-{number}")
        edit(new["spec"])
        tenant.apply(new)
        name = new["metadata"]["name"]
        status = tenant.jobs.wait(
            name, f"is refused ({title})", lambda s: condition(s, "Accepted")["status"] == "False"
        )
        accepted = condition(status, "Accepted")
        assert (title, accepted["reason"]) == (title, "NotAllowed")
        assert f"may connect to no endpoint but {tenant.jobs.testbed.s3_endpoint} (" in accepted["message"]
        assert f"tenancy.namespaces.{namespace}.allowedEndpoints of the operator's chart" in accepted["message"]
        assert tenant.jobs.children("jobs", name) == []
        tenant.jobs.delete(name)
    tenant.assert_undisturbed()
