"""What a tenant who may create TrainingJobs, and nothing else, may name in one: tried on the real API server."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.installation import CHART, helm, make_namespace
from tests.cluster.kind import ensure_kind
from tests.contract.fake_cluster import VALID_SPEC
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

TENANT = "anna"
Spec = dict[str, Any]


@dataclass
class Tenant:
    """Somebody with the chart's own role in one namespace."""

    kubectl: Kubectl
    namespace: str

    def apply(self, name: str = "job", dry: bool = True, **spec: Any) -> None:
        job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": name}}
        words = ("apply", "--namespace", self.namespace, "-f", "-", *(["--dry-run=server"] if dry else []))
        self.kubectl(f"--as={TENANT}", *words, stdin=json.dumps({**job, "spec": {**VALID_SPEC, **spec}}))

    def refused(self, **spec: Any) -> str:
        """Return what the API server says; it has to refuse."""
        with pytest.raises(TestbedError) as caught:
            self.apply(**spec)
        return str(caught.value)

    def grant(self, verb: str, resource: str, name: str) -> None:
        role, words = f"may-{verb}-{name or 'all'}", ("--namespace", self.namespace)
        only = [f"--resource-name={name}"] if name else []
        self.kubectl("create", "role", role, f"--verb={verb}", f"--resource={resource}", *only, *words)
        self.kubectl("create", "rolebinding", role, f"--role={role}", f"--user={TENANT}", *words)


@pytest.fixture(scope="module")
def tenant(testbed: Cluster) -> Iterator[Tenant]:
    kubectl = testbed.kubectl
    ensure_kind(kubectl)
    namespace = make_namespace(kubectl, "tenant")
    release = make_namespace(kubectl, "gridfold-system")
    values = {"watchNamespaces": [namespace], "fullnameOverride": "gridfold", "replicas": 0, "crds": {"install": False}}
    try:
        helm(testbed, "install", "gridfold", str(CHART), "--namespace", release, values=values)
        role = f"--clusterrole={release}-gridfold-edit"
        kubectl("create", "rolebinding", "tenant", role, f"--user={TENANT}", "--namespace", namespace)
        made = Tenant(kubectl, namespace)
        wait_until(lambda: acts(made), timeout_seconds=60, what="The API server has the policy and the role")
        yield made
    finally:
        helm(testbed, "uninstall", "gridfold", "--namespace", release)
        kubectl("delete", "namespace", namespace, release, "--wait=false")


def acts(tenant: Tenant) -> str | None:
    """Return what is missing of the policy (it is in force a moment after it was made) and of the role."""
    try:
        tenant.apply()
        tenant.apply(storage={"credentialsSecretName": "probe"})
    except TestbedError as error:
        return None if "may not read" in str(error) else str(error)
    return "a Secret may be named"


def sources(**storage: str) -> Spec:
    (source,) = VALID_SPEC["dataset"]["sources"]
    return {"dataset": {**VALID_SPEC["dataset"], "sources": [source, {**source, "storage": storage}]}}


NAMED: list[tuple[str, str, Callable[[str], Spec]]] = [
    ("Secret", "read", lambda name: {"storage": {"credentialsSecretName": name}}),
    ("Secret", "read", lambda name: sources(credentialsSecretName=name)),
    ("ConfigMap", "read", lambda name: {"storage": {"caBundleConfigMapName": name}}),
    ("ConfigMap", "read", lambda name: sources(caBundleConfigMapName=name)),
    ("ServiceAccount", "act as", lambda name: {"execution": {"template": {"serviceAccountName": name}}}),
    ("ServiceAccount", "act as", lambda name: {"execution": {"prepare": {"template": {"serviceAccountName": name}}}}),
    ("ServiceAccount", "act as", lambda name: {"execution": {"refit": {"template": {"serviceAccountName": name}}}}),
]
GRANTS = {
    "Secret": ("get", "secrets"),
    "ConfigMap": ("get", "configmaps"),
    "ServiceAccount": ("create", "serviceaccounts/token"),
}


@pytest.mark.parametrize(("kind", "may", "spec"), NAMED, ids=range(len(NAMED)))
def test_a_tenant_may_name_only_what_they_could_use(
    tenant: Tenant, kind: str, may: str, spec: Callable[[str], Spec], request: pytest.FixtureRequest
) -> None:
    name = f"theirs-{request.node.callspec.id}"
    said = tenant.refused(**spec(name))
    assert f"the spec names the {kind} {name}, which {TENANT} may not {may} in this namespace; name another" in said
    tenant.grant(*GRANTS[kind], name)
    wait_until(lambda: try_(tenant, spec(name)), timeout_seconds=30, what="With the right to it it is accepted")
    assert f"the {kind} other" in tenant.refused(**spec("other"))


def try_(tenant: Tenant, spec: Spec) -> str | None:
    try:
        tenant.apply(**spec)
    except TestbedError as error:
        return str(error)
    return None


def test_an_edit_may_keep_what_somebody_else_has_named_and_name_nothing_new(tenant: Tenant) -> None:
    job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "kept"}}
    named = {"storage": {"credentialsSecretName": "platforms"}}
    tenant.kubectl.apply({**job, "spec": {**VALID_SPEC, **named}}, namespace=tenant.namespace)
    tenant.apply("kept", dry=False, **named, retry=1)
    assert "the Secret others" in tenant.refused(name="kept", storage={"credentialsSecretName": "others"})
    said = tenant.refused(name="kept", **named, **sources(credentialsSecretName="others"))
    assert "the Secret others" in said
    tenant.apply("kept", dry=False)
    assert "the Secret platforms" in tenant.refused(name="kept", **named)


def test_more_names_than_can_be_asked_about_are_refused_in_words(tenant: Tenant) -> None:
    def naming(count: int) -> Spec:
        (source,) = VALID_SPEC["dataset"]["sources"]
        many = [{**source, "storage": {"credentialsSecretName": f"many-{number}"}} for number in range(count)]
        return {"dataset": {**VALID_SPEC["dataset"], "sources": many}}

    tenant.grant("get", "secrets", "")
    try:
        wait_until(lambda: try_(tenant, naming(5)), timeout_seconds=30, what="Five Secrets are accepted")
        assert "a spec may name at most 5 new Secrets at a time" in tenant.refused(**naming(6))
    finally:
        tenant.kubectl("delete", "rolebinding", "may-get-all", "--namespace", tenant.namespace)


def test_whoever_may_make_pods_may_name_what_pods_may_use(tenant: Tenant) -> None:
    job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "own"}}
    spec = {**VALID_SPEC, "storage": {"credentialsSecretName": "anything"}}
    tenant.kubectl(
        "apply", "--namespace", tenant.namespace, "--dry-run=server", "-f", "-", stdin=json.dumps({**job, "spec": spec})
    )
