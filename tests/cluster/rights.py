"""What an installed operator may do, as the API server lists it (kubectl auth can-i --list)."""

import json

from tests.cluster.installation import Installation

Right = tuple[str, str, str]  #: verb, group, resource

#: All that it may do in a namespace that it serves, beside what every account may.
ALLOWED: set[Right] = {
    *((verb, "gridfold.dev", "trainingjobs") for verb in ("get", "list", "watch")),
    ("patch", "gridfold.dev", "trainingjobs/status"),
    ("update", "gridfold.dev", "trainingjobs/finalizers"),
    *((verb, "batch", "jobs") for verb in ("create", "get", "list", "watch", "patch", "delete")),
    *((verb, "", "configmaps") for verb in ("create", "get", "delete")),
    *((verb, "", "pods") for verb in ("list", "watch")),
    *((verb, "", "events") for verb in ("create", "list")),
    ("get", "", "namespaces"),
}
#: And if it serves all: the Leases of operators that serve a single namespace.
SEES_LEADERS: set[Right] = {("list", "coordination.k8s.io", "leases")}
#: And where the Lease is for which it is elected: in each namespace that it serves, or in one, if it serves all.
ELECTED: set[Right] = {(verb, "coordination.k8s.io", "leases") for verb in ("create", "get", "update")}


def rights(installation: Installation, namespace: str) -> set[Right]:
    """Return what the operator may do in a namespace beside what every account may."""
    nobody = f"system:serviceaccount:{installation.namespace}:default"
    return _listed(installation, installation.service_account, namespace) - _listed(installation, nobody, namespace)


def _listed(installation: Installation, account: str, namespace: str) -> set[Right]:
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
    words = (f"--as={account}", "create", "--validate=false", "-f", "-", "-o", "json")
    answer = json.loads(installation.kubectl(*words, stdin=json.dumps({**kind, "spec": {"namespace": namespace}})))
    return {
        (verb, group, resource)
        for rule in answer["status"]["resourceRules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
