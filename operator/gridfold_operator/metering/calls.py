"""What is measured of requests to the API server."""

from http import HTTPStatus

from prometheus_client import Counter

from gridfold_operator.metrics import Metrics

#: What the operator has to do with; else a label would grow with what a provider's target is called.
RESOURCES = frozenset({
    "configmaps", "events", "jobs", "leases", "namespaces", "nodeclaims", "nodepools", "nodes", "pods", "podtemplates",
    "trainingjobs", "trainingjobs/status", "workloads",
})  # fmt: skip
OTHER = "other"
#: In place of the code of an answer that did not come.
NO_ANSWER = "none"
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
KNOWN_CODES = frozenset(HTTPStatus)


class ApiCalls:
    """Counts requests, each try of one by itself."""

    def __init__(self, metrics: Metrics) -> None:
        self._requests = Counter(
            "gridfold_api_requests",
            "Requests of the operator to the API server, without those of kopf's watches, by the code of the answer.",
            ["verb", "resource", "code"],
            registry=metrics.registry,
        )

    def note(self, method: str, path: str, watches: bool, code: int) -> None:
        """Take note of a request's answer, of which 0 is the code where none came."""
        resource, named = resource_of(path)
        verb = VERBS.get(method) or ("watch" if watches else "get" if named else "list")
        shown = NO_ANSWER if not code else str(code) if code in KNOWN_CODES else OTHER
        self._requests.labels(verb, resource, shown).inc()


def resource_of(path: str) -> tuple[str, bool]:
    """Return the resource that a path of the API server is about, and whether it names one object of it."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        parts = parts[2:]
    resource = "/".join(parts[:1] + parts[2:3])
    return (resource if resource in RESOURCES else OTHER), len(parts) > 1
