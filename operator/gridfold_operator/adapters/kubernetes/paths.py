"""Where things are at the API server."""

from urllib.parse import quote

from gridfold.api.v1alpha1 import GROUP, PLURAL, VERSION

TRAINING_JOBS = f"/apis/{GROUP}/{VERSION}"
BATCH = "/apis/batch/v1"
CORE = "/api/v1"
KARPENTER = "/apis/karpenter.sh/v1"
COORDINATION = "/apis/coordination.k8s.io/v1"


def collection(group: str, plural: str, namespace: str = "") -> str:
    """Return the path of a kind's objects, in one namespace or ("") in all."""
    return f"{group}/namespaces/{quote(namespace)}/{plural}" if namespace else f"{group}/{plural}"


def training_job(namespace: str, name: str) -> str:
    """Return the path of a TrainingJob."""
    return f"{collection(TRAINING_JOBS, PLURAL, namespace)}/{quote(name)}"


def job(namespace: str, name: str) -> str:
    """Return the path of a Job."""
    return f"{collection(BATCH, 'jobs', namespace)}/{quote(name)}"


def config_map(namespace: str, name: str) -> str:
    """Return the path of a ConfigMap."""
    return f"{collection(CORE, 'configmaps', namespace)}/{quote(name)}"


def lease(namespace: str, name: str) -> str:
    """Return the path of a Lease."""
    return f"{collection(COORDINATION, 'leases', namespace)}/{quote(name)}"


def node_pool(name: str) -> str:
    """Return the path of a NodePool of Karpenter, which belongs to no namespace."""
    return f"{collection(KARPENTER, 'nodepools')}/{quote(name)}"


def namespace(name: str) -> str:
    """Return the path of a namespace."""
    return f"{CORE}/namespaces/{quote(name)}"
