"""Where things are at the API server."""

from urllib.parse import quote

from gridfold.api.v1alpha1 import GROUP, PLURAL, VERSION

CORE = "/api/v1"
BATCH = "/apis/batch/v1"


def training_jobs(namespace: str) -> str:
    """Return the path of the TrainingJobs of a namespace, or ("") of all."""
    return _collection(f"/apis/{GROUP}/{VERSION}", PLURAL, namespace)


def training_job(namespace: str, name: str) -> str:
    """Return the path of a TrainingJob."""
    return f"{training_jobs(namespace)}/{quote(name)}"


def events(namespace: str) -> str:
    """Return the path of a namespace's Events, in the form that has all of them."""
    return _collection(CORE, "events", namespace)


def pods(namespace: str) -> str:
    """Return the path of a namespace's pods."""
    return _collection(CORE, "pods", namespace)


def jobs(namespace: str) -> str:
    """Return the path of a namespace's Jobs."""
    return _collection(BATCH, "jobs", namespace)


def log(namespace: str, pod: str) -> str:
    """Return the path of a pod's log."""
    return f"{pods(namespace)}/{quote(pod)}/log"


def _collection(group: str, plural: str, namespace: str) -> str:
    return f"{group}/namespaces/{quote(namespace)}/{plural}" if namespace else f"{group}/{plural}"
