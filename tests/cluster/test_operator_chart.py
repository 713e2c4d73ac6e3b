"""The chart: what it renders, what it refuses, and what the API server says to it."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from hack.release.versions import project_version

from gridfold.api import labels
from gridfold_operator.manifests import MESH_ANNOTATIONS, MESH_LABELS
from tests.cluster.installation import CHART, helm
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Cluster

pytestmark = pytest.mark.cluster

NETWORK = (CHART.parents[1] / "docs/network.md").read_text("utf-8")
Manifests = dict[tuple[str, str], dict[str, Any]]


MONITORING = ("monitoring.coreos.com/v1/PodMonitor", "monitoring.coreos.com/v1/PrometheusRule")


def template(
    testbed: Cluster, namespace: str = "gf", kube_version: str = "1.33", kinds: Iterable[str] = (), **values: Any
) -> str:
    """Return what the chart renders for a cluster that has these kinds, too."""
    words = ["template", "gridfold", str(CHART), "--namespace", namespace, "--kube-version", kube_version]
    words += [word for kind in kinds for word in ("--api-versions", kind)]
    return helm(testbed, *words, values=values)


def render(testbed: Cluster, namespace: str = "gf", **values: Any) -> Manifests:
    """Return what the chart renders, by kind and name."""
    documents = [document for document in yaml.safe_load_all(template(testbed, namespace, **values)) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def test_the_chart_is_without_a_fault_to_helm(testbed: Cluster) -> None:
    assert "0 chart(s) failed" in helm(testbed, "lint", str(CHART), "--strict")


def test_rules_dashboard_and_what_kube_state_metrics_reads_come_with_the_chart_where_they_are_wanted(
    testbed: Cluster,
) -> None:
    pages = {"runbookUrl": "https://wiki/", "runbookSuffix": ".html"}
    wanted = {"rules": {"enabled": True, **pages}, "dashboard": {"enabled": True}}
    values = {"metrics": {**wanted, "kubeStateMetrics": {"enabled": True}}}
    found = render(testbed, kinds=MONITORING, **values)
    ours = yaml.safe_load((CHART / "files/rules.yaml").read_text("utf-8"))
    for rule in ours["groups"][0]["rules"]:
        rule["annotations"]["runbook_url"] = f"https://wiki/{rule['alert']}.html"
    assert found["PrometheusRule", "gridfold"]["spec"] == ours
    dashboard = found["ConfigMap", "gridfold-dashboard"]
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(dashboard["data"]["gridfold.json"])["uid"] == "gridfold-operator"
    told = found["ConfigMap", "gridfold-kube-state-metrics"]["data"]["config.yaml"]
    assert yaml.safe_load(told)["kind"] == "CustomResourceStateMetrics"
    assert not {kind for kind, _ in render(testbed)} & {"PrometheusRule"}
    assert not {name for _, name in render(testbed)} & {"gridfold-dashboard", "gridfold-kube-state-metrics"}


def test_the_operator_may_do_this_and_nothing_else(testbed: Cluster) -> None:
    found: dict[str, set[str]] = {}
    for rule in render(testbed)["ClusterRole", "gf-gridfold"]["rules"]:
        assert len(rule["apiGroups"]) == len(rule["resources"]) == 1, "a rule on several of both allows their product"
        found.setdefault(f"{rule['apiGroups'][0]}/{rule['resources'][0]}", set()).update(rule["verbs"])
    assert found == {
        "gridfold.dev/trainingjobs": {"get", "list", "watch"},
        "gridfold.dev/trainingjobs/status": {"patch"},
        "gridfold.dev/trainingjobs/finalizers": {"update"},
        "batch/jobs": {"create", "get", "list", "watch", "patch", "delete"},
        "/configmaps": {"create", "get", "delete"},
        "/pods": {"list", "watch"},
        "/events": {"create", "list"},
        "/namespaces": {"get"},
    }


KARPENTER: dict[str, Any] = {
    "name": "big",
    "kind": "Karpenter",
    "shape": {"cpu": "4"},
    "nodeClassRef": {"group": "g", "kind": "K", "name": "n"},
    "requirements": [],
}


SCALE: dict[str, Any] = {
    "name": "workers",
    "kind": "Scale",
    "shape": {"cpu": "4"},
    "target": {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "resource": "machinedeployments",
        "namespace": "machines",
        "name": "workers",
        "nodeLabels": {"pool": "workers"},
    },
}


def test_a_group_of_machines_may_be_scaled_and_no_other(testbed: Cluster) -> None:
    pool = {"apiVersion": "karpenter.sh/v1", "resource": "nodepools", "name": "static", "nodeLabels": {"pool": "s"}}
    providers = [SCALE, {**SCALE, "name": "pool", "target": pool}]
    manifests = render(testbed, capacity={"providers": providers})
    allowed = {"verbs": ["get", "patch"]}
    (rule,) = manifests["Role", "gf-gridfold-workers"]["rules"]
    assert rule == {
        "apiGroups": ["cluster.x-k8s.io"], "resources": ["machinedeployments"], "resourceNames": ["workers"], **allowed,
    }  # fmt: skip
    binding = manifests["RoleBinding", "gf-gridfold-workers"]
    assert (binding["metadata"]["namespace"], _subjects(binding)) == ("machines", {"gridfold", "gridfold-reaper"})
    assert manifests["ClusterRole", "gf-gridfold-nodes"]["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
        {"apiGroups": ["karpenter.sh"], "resources": ["nodepools"], "resourceNames": ["static"], **allowed},
    ]


AWS: dict[str, Any] = {
    "name": "ec2",
    "kind": "AWS",
    "shape": {"cpu": "4"},
    "target": {"region": "eu-central-1", "autoScalingGroup": "workers", "nodeLabels": {"pool": "workers"}},
}


def test_for_a_group_of_aws_nodes_and_pods_are_seen_and_operator_and_reaper_may_have_a_role(testbed: Cluster) -> None:
    role = {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/gridfold"}}
    capacity = {"providers": [AWS], "reaper": {"serviceAccount": role}}
    manifests = render(testbed, serviceAccount=role, capacity=capacity)
    assert manifests["ClusterRole", "gf-gridfold-nodes"]["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    ]
    for name in ("gridfold", "gridfold-reaper"):
        assert manifests["ServiceAccount", name]["metadata"]["annotations"] == role["annotations"]


def test_with_a_provider_of_nodes_the_operator_may_do_what_that_needs_and_the_reaper_no_more_than_hand_back(
    testbed: Cluster,
) -> None:
    plain, manifests = render(testbed), render(testbed, capacity={"providers": [KARPENTER]})

    def rights(kind: str, name: str) -> dict[str, set[str]]:
        rules = manifests[kind, name]["rules"]
        return {f"{rule['apiGroups'][0]}/{rule['resources'][0]}": set(rule["verbs"]) for rule in rules}

    more = [rule for rule in manifests["ClusterRole", "gf-gridfold"]["rules"] if rule not in _rules(plain)]
    assert more == [{"apiGroups": ["gridfold.dev"], "resources": ["trainingjobs"], "verbs": ["patch"]}]
    assert rights("Role", "gridfold-capacity") == {
        "coordination.k8s.io/leases": {"create", "get", "list", "update", "delete"}
    }
    assert manifests["Role", "gridfold-capacity"]["metadata"]["namespace"] == "gf"
    assert rights("ClusterRole", "gf-gridfold-nodes") == {
        "karpenter.sh/nodepools": {"create", "get", "list", "patch", "delete"},
        "karpenter.sh/nodeclaims": {"list"},
    }
    assert rights("Role", "gf-gridfold-node-events") == {"/events": {"list"}}
    assert manifests["Role", "gf-gridfold-node-events"]["metadata"]["namespace"] == "default"
    assert rights("ClusterRole", "gf-gridfold-reaper") == {"gridfold.dev/trainingjobs": {"get", "patch"}}
    bound = {name: _subjects(document) for (kind, name), document in manifests.items() if kind.endswith("RoleBinding")}
    assert {name for name, subjects in bound.items() if "gridfold-reaper" in subjects} == {
        "gridfold-capacity", "gf-gridfold-nodes", "gf-gridfold-reaper",
    }  # fmt: skip
    assert "CronJob" not in {kind for kind, _ in plain}
    assert [name for kind, name in plain if kind == "Role"] == ["gf-gridfold-leader"]


def _rules(manifests: Manifests) -> list[Any]:
    found: list[Any] = manifests["ClusterRole", "gf-gridfold"]["rules"]
    return found


def _subjects(binding: dict[str, Any]) -> set[str]:
    return {subject["name"] for subject in binding["subjects"]}


def test_the_reaper_reads_the_operators_settings_under_an_identity_of_its_own(testbed: Cluster) -> None:
    manifests = render(testbed, capacity={"providers": [KARPENTER], "reaper": {"schedule": "7 * * * *"}})
    job = manifests["CronJob", "gridfold-reaper"]["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (job["schedule"], job["concurrencyPolicy"]) == ("7 * * * *", "Forbid")
    assert pod["serviceAccountName"] == "gridfold-reaper"
    assert container["command"][-2:] == ["-m", "gridfold_operator.reaper"]
    assert pod["volumes"] == [{"name": "settings", "configMap": {"name": "gridfold"}}]


def test_sidecars_of_meshes_stay_out_of_the_reaper_as_they_do_of_the_pods_of_jobs(testbed: Cluster) -> None:
    manifests = render(testbed, capacity={"providers": [KARPENTER]})
    reaper = manifests["CronJob", "gridfold-reaper"]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]
    assert reaper["labels"].items() >= MESH_LABELS.items()
    assert reaper["annotations"] == MESH_ANNOTATIONS


def test_an_operator_of_some_namespaces_has_the_same_rights_there_and_none_elsewhere(testbed: Cluster) -> None:
    documents = [d for d in yaml.safe_load_all(template(testbed, watchNamespaces=["a", "b"])) if d]
    roles = [d for d in documents if d["kind"] == "Role" and d["metadata"]["name"] == "gridfold"]
    assert [role["metadata"]["namespace"] for role in roles] == ["a", "b"]
    everywhere = render(testbed)["ClusterRole", "gf-gridfold"]["rules"]
    assert all(role["rules"] == everywhere for role in roles)
    assert not [d for d in documents if d["kind"] == "ClusterRoleBinding"]
    assert {d["metadata"]["namespace"] for d in documents if d["kind"] == "RoleBinding"} == {"a", "b"}


LEASE: list[dict[str, Any]] = [
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["gridfold-operator"],
        "verbs": ["get", "update"],
    },
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
]


@pytest.mark.parametrize(
    ("values", "namespaces"),
    [
        ({}, ["kube-system"]),
        ({"leaderElection": {"namespace": "leases"}}, ["leases"]),
        ({"watchNamespaces": ["a", "b"]}, ["a", "b"]),
    ],
)
def test_releases_that_serve_the_same_namespaces_meet_at_one_lease_of_which_they_may_write_no_other(
    testbed: Cluster, values: dict[str, Any], namespaces: list[str]
) -> None:
    for release_namespace in ("gf", "other"):
        documents = [d for d in yaml.safe_load_all(template(testbed, release_namespace, **values)) if d]
        ours = [d for d in documents if d["metadata"]["name"] == f"{release_namespace}-gridfold-leader"]
        roles = [d for d in ours if d["kind"] == "Role"]
        assert [role["metadata"]["namespace"] for role in roles] == namespaces
        assert all(role["rules"] == LEASE for role in roles)
        bindings = [d for d in ours if d["kind"] == "RoleBinding"]
        assert [binding["metadata"]["namespace"] for binding in bindings] == namespaces
        assert all(binding["subjects"][0]["namespace"] == release_namespace for binding in bindings)


def test_an_operator_of_all_namespaces_sees_which_of_them_have_one_of_their_own(testbed: Cluster) -> None:
    (rule,) = render(testbed)["ClusterRole", "gf-gridfold-leader"]["rules"]
    assert rule == {**LEASE[0], "verbs": ["list"]}
    assert ("ClusterRole", "gf-gridfold-leader") not in render(testbed, watchNamespaces=["a"])


def test_two_replicas_roll_one_after_the_other_spread_over_nodes_and_one_stays_when_a_node_is_drained(
    testbed: Cluster,
) -> None:
    manifests = render(testbed)
    deployment = manifests["Deployment", "gridfold"]["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    selector = deployment["selector"]["matchLabels"]
    (spread,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert (spread["whenUnsatisfiable"], spread["labelSelector"]["matchLabels"]) == ("ScheduleAnyway", selector)
    budget = manifests["PodDisruptionBudget", "gridfold"]["spec"]
    assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
    assert ("PodDisruptionBudget", "gridfold") not in render(testbed, replicas=1)


STORAGE: dict[str, Any] = {
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "storage"}}}],
    "ports": [{"protocol": "TCP", "port": 9000}],
}
WEB: dict[str, Any] = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}], "ports": [{"port": 443}]}


def test_pods_of_jobs_are_reached_by_nobody_and_reach_name_servers_and_what_the_platform_names(
    testbed: Cluster,
) -> None:
    trainer = {"enabled": True, "egress": [STORAGE, WEB]}
    documents = [
        document
        for document in yaml.safe_load_all(
            template(testbed, watchNamespaces=["a", "b"], networkPolicy={"trainer": trainer})
        )
        if document and document["kind"] == "NetworkPolicy"
    ]
    assert [document["metadata"]["namespace"] for document in documents] == ["a", "b"]
    for policy in (document["spec"] for document in documents):
        (chosen,) = policy["podSelector"]["matchExpressions"]
        assert chosen == {"key": labels.STAGE, "operator": "Exists"}
        assert (policy["policyTypes"], policy["ingress"]) == (["Ingress", "Egress"], [])
        names, *rest = policy["egress"]
        assert [(port["protocol"], port["port"]) for port in names["ports"]] == [("UDP", 53), ("TCP", 53)]
        assert rest == [STORAGE, WEB]
    named = render(testbed, networkPolicy={"trainer": {**trainer, "namespaces": ["c"], "dns": []}})
    policy = named["NetworkPolicy", "gf-gridfold-trainer"]
    assert (policy["metadata"]["namespace"], policy["spec"]["egress"]) == ("c", [STORAGE, WEB])


def test_the_operator_is_reached_at_its_metrics_alone_and_by_those_whom_the_platform_names(testbed: Cluster) -> None:
    prometheus = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    values = {"networkPolicy": {"operator": {"enabled": True, "metricsFrom": prometheus}}, "metrics": {"port": 9090}}
    manifests = render(testbed, capacity={"providers": [KARPENTER]}, **values)
    policy = manifests["NetworkPolicy", "gridfold"]["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": 9090}], "from": prometheus}]
    chosen = policy["podSelector"]["matchLabels"].items()
    reaper = manifests["CronJob", "gridfold-reaper"]["spec"]["jobTemplate"]["spec"]["template"]
    for pods in (manifests["Deployment", "gridfold"]["spec"]["template"], reaper):
        assert chosen <= pods["metadata"]["labels"].items()
    assert "NetworkPolicy" not in {kind for kind, _ in render(testbed)}


def test_users_of_a_namespace_get_their_rights_by_aggregation(testbed: Cluster) -> None:
    manifests = render(testbed)
    edit = manifests["ClusterRole", "gf-gridfold-edit"]
    view = manifests["ClusterRole", "gf-gridfold-view"]
    assert edit["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-edit"] == "true"
    assert view["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
    assert {verb for rule in view["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert all("trainingjobs/status" not in rule["resources"] for rule in edit["rules"])


def test_everything_is_acceptable_to_the_api_server_under_restricted_pod_security(
    testbed: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    policies = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```$", NETWORK, re.DOTALL | re.MULTILINE)[0])
    policies["networkPolicy"]["trainer"]["namespaces"] = [namespace]
    text = template(testbed, namespace, crds={"install": False}, capacity={"providers": [KARPENTER]}, **policies)
    # What enforces judges pods alone; what warns, Deployments and CronJobs too.
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
    words = ("apply", "--dry-run=server", "--warnings-as-errors", "-f", "-")
    said = kubectl(*words, stdin=text)
    assert "deployment.apps/gridfold created" in said
    assert "cronjob.batch/gridfold-reaper created" in said
    assert said.count("networkpolicy.networking.k8s.io/") == 2
    with pytest.raises(TestbedError, match="would violate PodSecurity"):
        kubectl(*words, stdin=text.replace("runAsNonRoot: true", "runAsNonRoot: false"))


DEPLOYMENT, REAPER, SETTINGS = ("Deployment", "gridfold"), ("CronJob", "gridfold-reaper"), ("ConfigMap", "gridfold")
OF_DEPLOYMENT, OF_REAPER = "spec.template", "spec.jobTemplate.spec.template"
OPERATOR = f"{OF_DEPLOYMENT}.spec.containers.0"
TOLERATIONS = [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]
AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
SIZES = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}
#: Values of the pods of operator and reaper alike, where they stand in a pod's template, and as what.
OF_PODS: list[tuple[dict[str, Any], str, Any]] = [
    ({"podLabels": {"team": "ml"}}, "metadata.labels.team", "ml"),
    ({"commonLabels": {"team": "ml"}}, "metadata.labels.team", "ml"),
    ({"commonLabels": {"team": "all"}, "podLabels": {"team": "ml"}}, "metadata.labels.team", "ml"),
    ({"podAnnotations": {"mesh": "off"}}, "metadata.annotations.mesh", "off"),
    ({"imagePullSecrets": ["pull", "more"]}, "spec.imagePullSecrets", [{"name": "pull"}, {"name": "more"}]),
    ({"priorityClassName": "high"}, "spec.priorityClassName", "high"),
    ({"nodeSelector": {"pool": "system"}}, "spec.nodeSelector", {"pool": "system"}),
    ({"tolerations": TOLERATIONS}, "spec.tolerations", TOLERATIONS),
    ({"affinity": AFFINITY}, "spec.affinity", AFFINITY),
    ({"image": {"repository": "r/o", "tag": "7"}}, "spec.containers.0.image", "r/o:7"),
    ({"image": {"pullPolicy": "Always"}}, "spec.containers.0.imagePullPolicy", "Always"),
]
PLACES: list[tuple[dict[str, Any], tuple[str, str], str, Any]] = [
    *((values, DEPLOYMENT, f"{OF_DEPLOYMENT}.{path}", wanted) for values, path, wanted in OF_PODS),
    *((values, REAPER, f"{OF_REAPER}.{path}", wanted) for values, path, wanted in OF_PODS),
    ({"resources": SIZES}, DEPLOYMENT, f"{OPERATOR}.resources", SIZES),
    ({"capacity": {"reaper": {"resources": SIZES}}}, REAPER, f"{OF_REAPER}.spec.containers.0.resources", SIZES),
    ({}, DEPLOYMENT, f"{OPERATOR}.livenessProbe.httpGet", {"path": "/healthz", "port": "metrics"}),
    ({}, DEPLOYMENT, f"{OPERATOR}.startupProbe.httpGet", {"path": "/healthz", "port": "metrics"}),
    ({}, DEPLOYMENT, f"{OPERATOR}.readinessProbe.httpGet", {"path": "/readyz", "port": "metrics"}),
    ({"metrics": {"port": 9090}}, DEPLOYMENT, f"{OPERATOR}.ports.0", {"name": "metrics", "containerPort": 9090}),
    ({"metrics": {"port": 9090}}, DEPLOYMENT, f"{OF_DEPLOYMENT}.metadata.annotations.prometheus~io/port", "9090"),
    ({}, DEPLOYMENT, f"{OF_DEPLOYMENT}.metadata.annotations.prometheus~io/scrape", "true"),
    ({"metrics": {"annotations": False}}, DEPLOYMENT, f"{OF_DEPLOYMENT}.metadata.annotations.prometheus~io/path", None),
    ({"trainer": {"imagePullSecrets": ["pull"]}}, SETTINGS, "data.settings~yaml.trainer.imagePullSecrets", ["pull"]),
    ({"trainer": {"image": {"pullPolicy": "Never"}}}, SETTINGS, "data.settings~yaml.trainer.imagePullPolicy", "Never"),
    ({"logLevel": "DEBUG"}, SETTINGS, "data.settings~yaml.logLevel", "DEBUG"),
    ({"workers": 3}, SETTINGS, "data.settings~yaml.workers", 3),
    ({"kueue": {"enabled": True}}, SETTINGS, "data.settings~yaml.kueue.enabled", True),
    ({"serviceAccount": {"name": "me"}}, DEPLOYMENT, f"{OF_DEPLOYMENT}.spec.serviceAccountName", "me"),
]


def at(path: str, document: Any) -> Any:
    """Return what stands at a path, of a text what it says as YAML; None: nothing. A dot in a name is written ~."""
    for name in path.split("."):
        if isinstance(document, str):
            document = yaml.safe_load(document)
        document = document[int(name)] if isinstance(document, list) else document.get(name.replace("~", "."))
    return document


@pytest.mark.parametrize(("values", "name", "path", "wanted"), PLACES)
def test_a_value_stands_in_its_place(
    testbed: Cluster, values: dict[str, Any], name: tuple[str, str], path: str, wanted: Any
) -> None:
    capacity = {"providers": [KARPENTER], **values.get("capacity", {})}
    assert at(path, render(testbed, **{**values, "capacity": capacity})[name]) == wanted


def test_a_prometheus_finds_the_pods_by_a_pod_monitor_in_place_of_their_annotations(testbed: Cluster) -> None:
    monitor = {"enabled": True, "labels": {"release": "prometheus"}, "interval": "10s"}
    manifests = render(testbed, kinds=MONITORING, metrics={"podMonitor": monitor})
    found, pods = manifests["PodMonitor", "gridfold"], manifests[DEPLOYMENT]["spec"]["template"]
    assert found["metadata"]["labels"]["release"] == "prometheus"
    assert found["spec"]["podMetricsEndpoints"] == [{"port": "metrics", "path": "/metrics", "interval": "10s"}]
    assert found["spec"]["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
    assert "prometheus.io/scrape" not in pods["metadata"]["annotations"]


def test_common_labels_are_on_every_object_below_labels_of_its_own_and_in_no_selector(testbed: Cluster) -> None:
    own = {"enabled": True, "labels": {"tier": "own"}}
    metrics = {"podMonitor": own, "rules": own, "dashboard": own, "kubeStateMetrics": {"enabled": True}}
    policies = {"trainer": {"enabled": True, "namespaces": ["a"], "egress": [STORAGE]}, "operator": {"enabled": True}}
    values = {"metrics": metrics, "networkPolicy": policies, "capacity": {"providers": [KARPENTER, SCALE]}}
    plain = render(testbed, kinds=MONITORING, **values)
    common = {"team": "ml", "tier": "common"}
    labelled = render(testbed, kinds=MONITORING, commonLabels=common, **values)
    assert labelled.keys() == plain.keys()
    for name, document in labelled.items():
        found = document["metadata"]["labels"]
        tier = "own" if "tier" in plain[name]["metadata"].get("labels", {}) else "common"
        assert (found.pop("team"), found.pop("tier")) == ("ml", tier), name
        assert found == {k: v for k, v in plain[name]["metadata"].get("labels", {}).items() if k != "tier"}
        if "selector" in (spec := document.get("spec", {})):
            assert spec["selector"] == plain[name]["spec"]["selector"]


def test_the_kind_stays_when_the_release_goes_unless_asked_otherwise(testbed: Cluster) -> None:
    name = ("CustomResourceDefinition", "trainingjobs.gridfold.dev")
    kept = render(testbed)[name]
    assert kept["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    going = render(testbed, crds={"keep": False})[name]
    assert "helm.sh/resource-policy" not in going["metadata"].get("annotations", {})
    assert name not in render(testbed, crds={"install": False})


def test_the_kind_is_the_generated_one(testbed: Cluster) -> None:
    rendered = render(testbed)["CustomResourceDefinition", "trainingjobs.gridfold.dev"]
    generated = yaml.safe_load((CHART.parents[1] / "crds" / "gridfold.dev_trainingjobs.yaml").read_text())
    assert rendered["spec"] == generated["spec"]


def test_settings_reach_the_operator_and_a_change_of_them_starts_it_again(testbed: Cluster) -> None:
    def parts(**values: Any) -> tuple[dict[str, Any], str]:
        manifests = render(testbed, **values)
        settings = yaml.safe_load(manifests["ConfigMap", "gridfold"]["data"]["settings.yaml"])
        template = manifests["Deployment", "gridfold"]["spec"]["template"]
        return settings, template["metadata"]["annotations"]["checksum/settings"]

    trainer = {"image": {"repository": "r/t", "digest": "sha256:" + "a" * 64}, "env": {"OPENBLAS_CORETYPE": "Haswell"}}
    changed, changed_sum = parts(trainer=trainer, watchNamespaces=["a"], resyncSeconds=5)
    default, default_sum = parts()
    assert changed["trainer"]["image"] == "r/t@sha256:" + "a" * 64
    assert changed["trainer"]["env"] == {"OPENBLAS_CORETYPE": "Haswell"}
    assert (changed["watchNamespaces"], changed["resyncSeconds"]) == (["a"], 5)
    assert default["trainer"]["image"] == f"gridfold-trainer:{project_version(CHART.parents[1])}"
    assert changed_sum != default_sum


def test_jobs_may_have_every_image_that_the_platform_names_and_no_other(testbed: Cluster) -> None:
    images = {"boosters": {"repository": "r/b"}, "gpu": {"repository": "r/g", "tag": "7"}}
    manifests = render(testbed, trainer={"image": {"repository": "r/t"}, "images": images})
    trainer = yaml.safe_load(manifests["ConfigMap", "gridfold"]["data"]["settings.yaml"])["trainer"]
    version = trainer["image"].removeprefix("r/t:")
    assert trainer["images"] == {"boosters": f"r/b:{version}", "gpu": "r/g:7"}
    policy = manifests["ValidatingAdmissionPolicy", "gf-gridfold-jobs"]["spec"]
    (allowed,) = [found["expression"] for found in policy["variables"] if found["name"] == "images"]
    assert allowed == "['r/t','r/b','r/g']"
    assert yaml.safe_load(render(testbed)["ConfigMap", "gridfold"]["data"]["settings.yaml"])["trainer"]["images"] == {}


def test_settings_of_the_chart_are_settings_of_the_operator(testbed: Cluster, tmp_path: Any) -> None:
    from gridfold_operator.settings import OperatorSettings, load_settings

    def settings_of(**values: Any) -> OperatorSettings:
        path = tmp_path / "settings.yaml"
        path.write_text(render(testbed, **values)["ConfigMap", "gridfold"]["data"]["settings.yaml"])
        return load_settings(str(path))

    allowed = {"estimatorPrefixes": ["lightgbm"], "sources": {"maxBytes": 10**12}}
    allowed["allowedEndpoints"] = ["https://s3.storage.svc:9000", "10.1.0.0/16"]
    trainer = settings_of(trainer=allowed).trainer
    assert trainer.estimator_prefixes == ("lightgbm",)
    assert trainer.allowed_endpoints == ("https://s3.storage.svc:9000", "10.1.0.0/16")
    assert trainer.sources.max_bytes == 10**12
    limits = {"maxCells": 9, "maxMemory": "4Gi", "queues": ["*"], "outputPrefixes": ["s3://models/"]}
    selector = {"matchLabels": {"tier": "gold"}, "limits": {"maxCells": 7}}
    tenancy = {"all": {"maxCells": 5, "maxCpu": "2"}, "selectors": [selector], "namespaces": {"team-a": limits}}
    settings = settings_of(tenancy=tenancy)
    assert settings.tenancy.namespaces["team-a"].max_memory == "4Gi"
    assert {name: limit.value for name, limit in settings.tenancy.limits_of("team-b", {"tier": "gold"}).items()} == {
        "max_cells": 7,
        "max_cpu": "2",
    }
    priced = {**KARPENTER, "pricePerHour": 0.192, "currency": "USD"}
    (provider,) = settings_of(capacity={"providers": [priced]}).capacity.providers
    assert (provider.name, provider.max_nodes_per_job, str(provider.price_per_hour)) == ("big", None, "0.192")
    settings = settings_of()
    assert settings.capacity.providers == ()
    assert settings.tenancy == type(settings.tenancy)()
    assert settings.leader_election == type(settings.leader_election)()
    assert (settings.log_format, settings_of(logFormat="Text").log_format) == ("JSON", "Text")
    assert settings_of(leaderElection={"leaseSeconds": 30}).leader_election.lease_seconds == 30
    assert settings.trainer.estimator_prefixes == ()
    container = render(testbed)["Deployment", "gridfold"]["spec"]["template"]["spec"]["containers"][0]
    assert settings.probe_port == container["ports"][0]["containerPort"]
    assert settings_of(metrics={"port": 9090}).probe_port == 9090


REFUSED = [
    ({"trainer": {"image": {"repository": ""}}}, "repository"),
    ({"watchNamespace": ["a"]}, "watchNamespace"),
    ({"resyncSeconds": 0}, "resyncSeconds"),
    ({"logLevel": "LOUD"}, "logLevel"),
    ({"logFormat": "XML"}, "logFormat"),
    ({"image": {"digest": "latest"}}, "digest"),
    ({"trainer": {"env": {"A": 1}}}, "env"),
    ({"trainer": {"env": {"PYTHONPATH": "/a"}}}, "trainer.env names PYTHONPATH, with which a pod could run other code"),
    ({"trainer": {"env": {"LD_PRELOAD": "/a.so"}}}, "trainer.env names LD_PRELOAD"),
    ({"trainer": {"env": {"PATH": "/a"}}}, "trainer.env names PATH"),
    ({"trainer": {"estimatorPrefixes": ["light-gbm"]}}, "estimatorPrefixes"),
    ({"trainer": {"sources": {"maxBytes": 0}}}, "maxBytes"),
    ({"tenancy": {"all": {"maxCell": 5}}}, "maxCell"),
    ({"tenancy": {"namespaces": {"team-a": {"maxMemory": "4 GB"}}}}, "maxMemory"),
    ({"tenancy": {"namespaces": {"Team_A": {}}}}, "Team_A"),
    ({"tenancy": {"selectors": [{"matchLabels": {}, "limits": {}}]}}, "matchLabels"),
    ({"trainer": {"image": {"repository": "t"}, "images": {"default": {"repository": "t"}}}}, "default"),
    ({"trainer": {"image": {"repository": "t"}, "images": {"gpu": {"tag": "1"}}}}, "repository"),
    ({"capacity": {"providers": [{**KARPENTER, "name": "none"}]}}, "name"),
    ({"capacity": {"providers": [{**KARPENTER, "kind": "Magic"}]}}, "kind"),
    ({"capacity": {"providers": [{**KARPENTER, "shape": {"cpu": "four"}}]}}, "shape"),
    ({"capacity": {"providers": [{**KARPENTER, "kind": "Scale"}]}}, "target"),
    ({"capacity": {"providers": [{**SCALE, "requirements": []}]}}, "requirements"),
    ({"capacity": {"providers": [{**SCALE, "target": {"name": "x"}}]}}, "resource"),
    ({"capacity": {"providers": [{**SCALE, "pricePerHour": 0.2}]}}, "currency"),
    ({"capacity": {"providers": [{**AWS, "maxReplicas": 9}]}}, "maxReplicas"),
    ({"capacity": {"providers": [{**AWS, "target": {**SCALE["target"]}}]}}, "region"),
    ({"capacity": {"leaseSeconds": 5}}, "leaseSeconds"),
    ({"metrics": {"port": 80}}, "port"),
    ({"resources": {"limit": {"memory": "1Gi"}}}, "'limit' not allowed"),
    ({"resources": {"limits": {"memory": "1 GB"}}}, "/resources/limits/memory"),
    ({"capacity": {"reaper": {"resources": {"request": {}}}}}, "'request' not allowed"),
    ({"tolerations": [{"keys": ["dedicated"]}]}, "'keys' not allowed"),
    ({"tolerations": [{"key": "dedicated", "operator": "Has"}]}, "/tolerations/0/operator"),
    ({"affinity": {"antiAffinity": {}}}, "'antiAffinity' not allowed"),
    ({"tenancy": {"all": {"defaults": {"template": {"tolerations": [{"taint": "a"}]}}}}}, "'taint' not allowed"),
    ({"tenancy": {"all": {"defaults": {"template": {"affinity": {"node": {}}}}}}}, "'node' not allowed"),
    ({"commonLabels": {"app.kubernetes.io/name": "x"}}, "/commonLabels/app.kubernetes.io~1name"),
    ({"metrics": {"rules": {"runbookSuffix": ". html"}}}, "/metrics/rules/runbookSuffix"),
    ({"replicas": -1}, "replicas"),
    ({"networkPolicy": {"trainer": {"enabled": True, "egress": [STORAGE]}}}, "no namespace is known"),
    ({"networkPolicy": {"trainer": {"enabled": True, "namespaces": ["a"]}}}, "no job could reach its storage"),
    ({"networkPolicy": {"trainer": {"egress": [{"to": []}]}}}, "to"),
    ({"networkPolicy": {"operator": {"metricsFrom": [{"ipBlock": {"cidr": "10.0.0.1"}}]}}}, "cidr"),
    ({"networkPolicy": {"operator": {"metricsFrom": [{**WEB["to"][0], "podSelector": {}}]}}}, "metricsFrom"),
    ({"leaderElection": {"leaseSeconds": 1}}, "leaseSeconds"),
    ({"leaderElection": {"namespace": ""}}, "namespace"),
    ({"metrics": {"podMonitor": {"enabled": True}}}, "there is no kind PodMonitor"),
    ({"metrics": {"rules": {"enabled": True}}}, "there is no kind PrometheusRule"),
    ({"serviceAccount": {"create": False}}, "serviceAccount.name is empty"),
]


@pytest.mark.parametrize(("values", "word"), REFUSED)
def test_values_that_make_no_sense_are_refused_by_name(testbed: Cluster, values: dict[str, Any], word: str) -> None:
    with pytest.raises(TestbedError, match=word):
        render(testbed, **values)


def test_a_cluster_that_is_too_old_is_refused(testbed: Cluster) -> None:
    with pytest.raises(TestbedError, match=r"requires kubeVersion: >=1\.31"):
        template(testbed, kube_version="1.30")
