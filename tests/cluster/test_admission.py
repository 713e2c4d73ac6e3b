"""What a tenant who may create TrainingJobs, and nothing else, may name in one: tried on the real API server."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.installation import CHART, helm, make_namespace
from tests.cluster.kind import ensure_kind
from tests.cluster.policies import assert_checked_without_mistake
from tests.contract.fake_cluster import VALID_SPEC
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Cluster
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

TENANT, VIEWER = "anna", "vera"
Spec = dict[str, Any]


@dataclass
class Tenant:
    """Somebody with the chart's own role in one namespace."""

    kubectl: Kubectl
    namespace: str
    release: str  #: the namespace of the chart's release

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
        role, words = f"may-{verb}-{resource.replace('/', '-')}-{name or 'all'}", ("--namespace", self.namespace)
        rule = {"apiGroups": [""], "resources": [resource], "verbs": [verb], "resourceNames": [name] if name else []}
        kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": role}}
        self.kubectl.apply({**kind, "rules": [rule]}, namespace=self.namespace)
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
        role = f"--clusterrole={release}-gridfold-view"
        kubectl("create", "rolebinding", "viewer", role, f"--user={VIEWER}", "--namespace", namespace)
        made = Tenant(kubectl, namespace, release)
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
        return None if "may neither read nor use" in str(error) else str(error)
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
#: Each of these is enough.
GRANTS = {
    "Secret": [("get", "secrets"), ("use", "secrets")],
    "ConfigMap": [("get", "configmaps"), ("use", "configmaps")],
    "ServiceAccount": [("create", "serviceaccounts/token"), ("use", "serviceaccounts")],
}


@pytest.mark.parametrize("way", [0, 1], ids=["could", "use"])
@pytest.mark.parametrize(("kind", "may", "spec"), NAMED, ids=range(len(NAMED)))
def test_a_tenant_may_name_only_what_they_could_use(
    tenant: Tenant, kind: str, may: str, spec: Callable[[str], Spec], way: int, request: pytest.FixtureRequest
) -> None:
    name = f"theirs-{request.node.callspec.id}"
    said = tenant.refused(**spec(name))
    assert f"the spec names the {kind} {name}, which {TENANT} may neither {may} nor use in this namespace; name" in said
    tenant.grant(*GRANTS[kind][way], name)
    wait_until(lambda: try_(tenant, spec(name)), timeout_seconds=30, what="With the right to it it is accepted")
    assert f"the {kind} other" in tenant.refused(**spec("other"))


def test_the_api_server_finds_no_mistake_in_the_policy(tenant: Tenant) -> None:
    assert_checked_without_mistake(tenant.kubectl, f"{tenant.release}-gridfold-names")


def try_(tenant: Tenant, spec: Spec) -> str | None:
    try:
        tenant.apply(**spec)
    except TestbedError as error:
        return str(error)
    return None


@dataclass
class Kept:
    """A job of the platform's, which names what the tenant may not use."""

    tenant: Tenant
    spec: Spec

    def edit(self, **changes: Any) -> None:
        self.tenant.apply("kept", **{**self.spec, **changes})

    def refused(self, **changes: Any) -> str:
        return self.tenant.refused(name="kept", **{**self.spec, **changes})


@pytest.fixture
def keep(tenant: Tenant) -> Iterator[Callable[[Spec], Kept]]:
    """What makes such a job, for the time of a test."""
    job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "kept"}}

    def make(spec: Spec) -> Kept:
        tenant.kubectl.apply({**job, "spec": {**VALID_SPEC, **spec}}, namespace=tenant.namespace)
        return Kept(tenant, {**VALID_SPEC, **spec})

    yield make
    tenant.kubectl("delete", "trainingjob", "kept", "--namespace", tenant.namespace, "--ignore-not-found")


(SOURCE,) = VALID_SPEC["dataset"]["sources"]
STORAGE = {"endpoint": "https://s3.example.com", "credentialsSecretName": "platforms"}
#: What nobody needs a right for: it decides neither what is read nor where results go.
HARMLESS: dict[str, Spec] = {
    "search": {"search": {"grid": [{"C": [1, 2, 3]}]}},
    "retry": {"retry": 1},
    "suspend": {"suspend": True},
    "parallelism": {"execution": {"parallelism": 3}},
    "targets": {"scoring": {"targets": {"accuracy": "0.9"}}},
    "columns": {"dataset": {**VALID_SPEC["dataset"], "excludeColumns": ["name"]}},
}
#: What has a Secret or a ConfigMap of spec.storage used for other data, or its results go elsewhere.
TURNED: dict[str, Spec] = {
    "another source": {"dataset": {**VALID_SPEC["dataset"], "sources": [{"uri": "s3://annas/rows.csv"}]}},
    "a further source": {"dataset": {**VALID_SPEC["dataset"], "sources": [SOURCE, {"uri": "s3://annas/rows.csv"}]}},
    "a source elsewhere": sources(endpoint="https://s3.annas.example.com"),
    "an output": {"output": {"uri": "s3://annas/"}},
    "a cache": {"output": {**VALID_SPEC["output"], "cacheUri": "s3://annas/"}},
    "an endpoint": {"storage": {**STORAGE, "endpoint": "https://s3.annas.example.com"}},
    "no endpoint": {"storage": {"credentialsSecretName": "platforms"}},
    "a region": {"storage": {**STORAGE, "region": "eu-central-1"}},
    "moved to a source": {**sources(**STORAGE), "storage": {"endpoint": "https://s3.example.com"}},
    "at a source, too": {**sources(**STORAGE), "storage": STORAGE},
}


@pytest.mark.parametrize("changes", HARMLESS.values(), ids=HARMLESS)
def test_an_edit_may_keep_what_somebody_else_has_named(keep: Callable[[Spec], Kept], changes: Spec) -> None:
    storage = {**STORAGE, "caBundleConfigMapName": "platforms"}
    template = {"template": {"serviceAccountName": "platforms"}}
    kept = keep({"storage": storage, "execution": template})
    if "execution" in changes:
        changes = {"execution": {**template, **changes["execution"]}}
    kept.edit(**changes)


@pytest.mark.parametrize("changes", TURNED.values(), ids=TURNED)
def test_an_edit_may_not_turn_anothers_secret_to_other_data(keep: Callable[[Spec], Kept], changes: Spec) -> None:
    said = keep({"storage": STORAGE}).refused(**changes)
    assert f"the spec names the Secret platforms, which {TENANT} may neither read nor use" in said
    assert "an edit may keep it if it leaves spec.storage, spec.dataset.sources and spec.output as they are" in said


def test_an_edit_may_not_have_a_sources_secret_used_for_the_whole_storage(keep: Callable[[Spec], Kept]) -> None:
    kept = keep({**sources(**STORAGE), "storage": {"endpoint": "https://s3.example.com"}})
    kept.edit(retry=1)
    assert "the Secret platforms" in kept.refused(storage=STORAGE)
    assert "the Secret platforms" in kept.refused(dataset=VALID_SPEC["dataset"], storage=STORAGE)


def test_an_edit_may_not_turn_anothers_certificates_to_other_servers(keep: Callable[[Spec], Kept]) -> None:
    kept = keep({"storage": {"caBundleConfigMapName": "platforms"}})
    kept.edit(retry=1)
    said = kept.refused(storage={"caBundleConfigMapName": "platforms", "endpoint": "https://s3.annas.example.com"})
    assert f"the ConfigMap platforms, which {TENANT} may neither read nor use" in said


def accounts(template: str | None = None, **stages: str) -> Spec:
    """Return execution with ServiceAccounts; one of "" takes that of the template away."""
    found: Spec = {stage: {"template": {"serviceAccountName": name}} for stage, name in stages.items()}
    return {"execution": {**found, **({} if template is None else {"template": {"serviceAccountName": template}})}}


#: What has the ServiceAccount platforms used for other data, or by other pods.
TURNED_ACCOUNTS: dict[str, tuple[Spec, Spec]] = {
    **{title: (accounts("platforms"), TURNED[title]) for title in ("another source", "an output", "a cache")},
    "another storage": (accounts("platforms"), {"storage": {"endpoint": "https://s3.annas.example.com"}}),
    "by all pods": (accounts(refit="platforms"), accounts("platforms", refit="platforms")),
    "by other pods": (accounts(refit="platforms"), accounts(prepare="platforms")),
    "by pods that had none": (accounts("platforms", prepare=""), accounts("platforms")),
}


@pytest.mark.parametrize(("before", "changes"), TURNED_ACCOUNTS.values(), ids=TURNED_ACCOUNTS)
def test_an_edit_may_not_turn_anothers_serviceaccount_to_other_data_or_pods(
    keep: Callable[[Spec], Kept], before: Spec, changes: Spec
) -> None:
    kept = keep(before)
    kept.edit(retry=1)
    said = kept.refused(**changes)
    assert f"the spec names the ServiceAccount platforms, which {TENANT} may neither act as nor use" in said
    assert "an edit may keep it if it leaves every serviceAccountName, spec.storage, spec.dataset.sources and" in said


def test_an_edit_may_name_nothing_new_and_take_everything_away(keep: Callable[[Spec], Kept]) -> None:
    kept = keep({"storage": STORAGE, **accounts("platforms")})
    said = kept.refused(storage={"credentialsSecretName": "others"})
    assert "the Secret others" in said
    assert "named before" not in said
    assert "the Secret others" in kept.refused(**sources(credentialsSecretName="others")) + kept.refused(
        **sources(credentialsSecretName="others"), storage={}
    )
    assert "the ServiceAccount others" in kept.refused(**accounts("others"))
    kept.edit(storage={}, execution={})


def test_with_the_verb_use_an_edit_may_turn_a_secret_to_other_data(
    tenant: Tenant, keep: Callable[[Spec], Kept]
) -> None:
    storage = {**STORAGE, "credentialsSecretName": "everybodys"}
    kept = keep({"storage": storage})
    changes = {"output": {"uri": "s3://annas/"}}
    assert "the Secret everybodys" in kept.refused(**changes)
    tenant.grant("use", "secrets", "everybodys")
    wait_until(lambda: try_(tenant, {**kept.spec, **changes}), timeout_seconds=30, what="The edit is accepted")
    kept.edit(**changes)


def test_more_names_than_can_be_asked_about_are_refused_in_words(tenant: Tenant, keep: Callable[[Spec], Kept]) -> None:
    """The most of all kinds at once, each of them allowed by the answer that comes last, in the longest spec."""

    def naming(secrets: int, config_maps: int) -> Spec:
        def storage(number: int) -> Spec:
            names = {"credentialsSecretName": f"{number % secrets}-{'s' * 60}"}
            return {**names, "caBundleConfigMapName": f"{number % config_maps}-{'c' * 60}"}

        uri = f"s3://rows/{'a' * 1000}"
        many = [{"uri": f"{uri}/{number}.csv", "storage": storage(number)} for number in range(100)]
        named = accounts("a", prepare="b", refit="c")
        return {"dataset": {**VALID_SPEC["dataset"], "sources": many}, "storage": storage(0), **named}

    for resource in ("secrets", "configmaps", "serviceaccounts"):
        tenant.grant("use", resource, "")
    try:
        wait_until(lambda: try_(tenant, naming(5, 5)), timeout_seconds=30, what="Five of each are accepted")
        keep(naming(5, 5)).edit(output={"uri": "s3://annas/"})
        assert "a spec may name at most 5 Secrets, unless an edit leaves them" in tenant.refused(**naming(6, 1))
        assert "a spec may name at most 5 ConfigMaps, unless an edit" in tenant.refused(**naming(1, 6))
    finally:
        for resource in ("secrets", "configmaps", "serviceaccounts"):
            tenant.kubectl("delete", "rolebinding", f"may-use-{resource}-all", "--namespace", tenant.namespace)


def test_whoever_may_make_pods_may_name_what_pods_may_use(tenant: Tenant) -> None:
    job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "own"}}
    spec = {**VALID_SPEC, "storage": {"credentialsSecretName": "anything"}}
    tenant.kubectl(
        "apply", "--namespace", tenant.namespace, "--dry-run=server", "-f", "-", stdin=json.dumps({**job, "spec": spec})
    )


def test_who_may_view_sees_trainingjobs_and_changes_none(tenant: Tenant, keep: Callable[[Spec], Kept]) -> None:
    spec = keep({}).spec
    where, viewer = ("--namespace", tenant.namespace), f"--as={VIEWER}"
    assert "kept" in tenant.kubectl(viewer, "get", "trainingjobs", *where)
    assert tenant.kubectl(viewer, "get", "trainingjob", "kept", *where, "--output=name").endswith("/kept\n")
    job = {"apiVersion": "gridfold.dev/v1alpha1", "kind": "TrainingJob", "metadata": {"name": "new"}, "spec": spec}
    patch = ("--type=merge", '--patch={"spec":{"suspend":true}}')
    for verb, words in {
        "create": ("create", "-f", "-"),
        "patch": ("patch", "trainingjob", "kept", *patch),
        "delete": ("delete", "trainingjob", "kept"),
    }.items():
        with pytest.raises(TestbedError, match=f'(?s)forbidden: User "{VIEWER}" cannot {verb} resource'):
            tenant.kubectl(viewer, *words, *where, stdin=json.dumps(job))


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("view", ["get", "list", "watch"], ["create", "update", "patch", "delete", "deletecollection"]),
        ("edit", ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"], []),
        ("admin", ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"], []),
    ],
)
def test_kubernetes_adds_the_roles_of_the_chart_to_its_own(
    tenant: Tenant, role: str, may: list[str], may_not: list[str]
) -> None:
    user, where = f"bound-to-{role}", ("--namespace", tenant.namespace)
    tenant.kubectl("create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}", *where)

    def can(verb: str, *words: str) -> bool:
        asked = (f"--as={user}", "auth", "can-i", verb, "trainingjobs.gridfold.dev", *words, *where)
        try:
            return tenant.kubectl(*asked) == "yes\n"
        except TestbedError:  # it ends with 1 where the answer is no
            return False

    def missing() -> str | None:
        lacking = [verb for verb in may if not can(verb)]
        return f"{user} may not {lacking}." if lacking else None

    wait_until(missing, timeout_seconds=60, what=f"Whoever is bound to {role} may {may}")
    assert [verb for verb in may_not if can(verb)] == []
    assert not can("patch", "--subresource=status")
