"""The real Kueue, with its webhooks for Jobs and for its own kinds, for the time of a test.

It runs beside the cluster, as Karpenter does. Its webhooks are called by address and ignored where it does not answer,
so that a test that was cut off leaves a cluster in which Jobs can be made.
"""

import base64
import contextlib
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.testbed import build, namespace, paths, pki
from tests.testbed.api import Testbed
from tests.testbed.components import Component
from tests.testbed.errors import TestbedError
from tests.testbed.instance import Instance
from tests.testbed.kubectl import Kubectl
from tests.testbed.shell import lock, log_tail
from tests.testbed.waiting import probe, wait_until

API_VERSION = "kueue.x-k8s.io/v1beta2"
_HEALTH_PORT, _WEBHOOK_PORT = 8083, 9443
_GROUPS = {"batch", "kueue.x-k8s.io"}
_WEBHOOKS = {"MutatingWebhookConfiguration": "kueue-mutating", "ValidatingWebhookConfiguration": "kueue-validating"}
_METRICS_CERTIFICATES = "/etc/kueue/metrics/certs"  # written into Kueue itself


@contextlib.contextmanager
def running_kueue(testbed: Testbed) -> Iterator[None]:
    """Run Kueue for the time of the block; queues and flavors are the test's, and all gone afterwards."""
    instance = testbed.instance()
    kubectl = Kubectl.of(instance)
    built = build.build_on_demand("kueue")
    with lock(paths.cache() / "locks" / f"kueue-{instance.name}"):
        component = _component(instance, built)
        _apply_definitions(kubectl, built)
        namespace.kill(instance, component)  # of a run that was cut off
        namespace.launch(instance, component)
        try:
            _wait_ready(instance, component)
            kubectl.apply(*_webhooks(instance, kubectl, built))
            yield
        finally:
            try:
                _remove_all(instance, kubectl)
            finally:
                for kind, name in _WEBHOOKS.items():
                    kubectl("delete", kind, name, "--ignore-not-found")
                namespace.kill(instance, component)


def queue(name: str, cpus: str, *local: str) -> list[dict[str, Any]]:
    """Return a ClusterQueue with so many processors, its flavor, and its LocalQueue in each of the namespaces."""
    quota = {"name": "cpu", "nominalQuota": cpus}
    flavors = [{"name": name, "resources": [quota, {"name": "memory", "nominalQuota": "1Ti"}]}]
    spec = {
        "namespaceSelector": {},
        "resourceGroups": [{"coveredResources": ["cpu", "memory"], "flavors": flavors}],
        "preemption": {"withinClusterQueue": "LowerPriority"},
    }
    return [
        {"apiVersion": API_VERSION, "kind": "ResourceFlavor", "metadata": {"name": name}},
        {"apiVersion": API_VERSION, "kind": "ClusterQueue", "metadata": {"name": name}, "spec": spec},
        *(
            {
                "apiVersion": API_VERSION,
                "kind": "LocalQueue",
                "metadata": {"name": name, "namespace": where},
                "spec": {"clusterQueue": name},
            }
            for where in local
        ),
    ]


def _component(instance: Instance, built: Path) -> Component:
    """Return the program, with its configuration and certificates written down."""
    folder = instance.state / "kueue"
    folder.mkdir(exist_ok=True)
    pki.write_server(instance, "kueue")
    for ending in ("crt", "key"):
        shutil.copy(instance.state / "pki" / f"kueue.{ending}", folder / f"tls.{ending}")
    configuration = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": f":{_HEALTH_PORT}"},
        "metrics": {"bindAddress": "0"},
        "webhook": {"port": _WEBHOOK_PORT, "certDir": str(folder)},
        "leaderElection": {"leaderElect": False},
        "internalCertManagement": {"enable": False},
        "integrations": {"frameworks": ["batch/job"]},
    }
    (folder / "configuration.json").write_text(json.dumps(configuration))
    argv = (
        str(built / "kueue"),
        f"--config={folder}/configuration.json",
        "--feature-gates=VisibilityOnDemand=false",
        "--zap-log-level=2",
    )
    parent = Path(_METRICS_CERTIFICATES).parent
    mounts = f"mount -t tmpfs tmpfs /etc; mkdir -p {parent}; ln -s '{folder}' {_METRICS_CERTIFICATES}"
    env = {"KUBECONFIG": str(instance.kubeconfig), "HOME": str(folder)}  # it ends where it has no home
    health = f"http://{instance.addresses.node_ip}:{_HEALTH_PORT}/readyz"
    return Component("kueue", argv, lambda: probe(health), env, mounts)


def _apply_definitions(kubectl: Kubectl, built: Path) -> None:
    files = sorted(built.glob("kueue.x-k8s.io_*.yaml"))
    if not files:
        raise TestbedError("Kueue's CRDs are not beside its program; remove its build and run the test again.")
    kubectl("apply", "--server-side", "--force-conflicts", *(f"--filename={file}" for file in files))
    kubectl.wait_until_served(*(f"--filename={file}" for file in files))


def _webhooks(instance: Instance, kubectl: Kubectl, built: Path) -> list[dict[str, Any]]:
    """Return Kueue's own configurations, those for Jobs and for its own kinds, called by address."""
    read = kubectl("create", "--dry-run=client", "-o", "json", f"--filename={built}/manifests.yaml")
    authority = base64.b64encode((instance.state / "pki" / "ca.crt").read_bytes()).decode()
    configurations = []
    for document in _documents(read):
        webhooks = [hook for hook in document["webhooks"] if _GROUPS.issuperset(hook["rules"][0]["apiGroups"])]
        for hook in webhooks:
            address = f"https://{instance.addresses.node_ip}:{_WEBHOOK_PORT}{hook['clientConfig']['service']['path']}"
            hook |= {"clientConfig": {"url": address, "caBundle": authority}, "failurePolicy": "Ignore"}
        name = {"name": _WEBHOOKS[document["kind"]]}
        configurations.append(document | {"metadata": name, "webhooks": webhooks})
    return configurations


def _documents(read: str) -> list[dict[str, Any]]:
    """Return the objects that kubectl prints one after another."""
    decoder, found, position = json.JSONDecoder(), [], 0
    while position < len(read.rstrip()):
        document, position = decoder.raw_decode(read, position)
        found += document["items"] if document["kind"] == "List" else [document]
        position = len(read) - len(read[position:].lstrip())
    return found


def _wait_ready(instance: Instance, component: Component) -> None:
    def missing() -> str | None:
        if namespace.running_pid(instance, component) is None:
            raise TestbedError(f"Kueue ended instead of starting; {log_tail(instance.log(component.name))}")
        return component.missing()

    explain = partial(log_tail, instance.log(component.name))
    wait_until(missing, timeout_seconds=120, what="Kueue is not ready", explain=explain)


def _remove_all(instance: Instance, kubectl: Kubectl) -> None:
    """Delete every queue, flavor and Workload while Kueue, which holds them by finalizers, still runs."""
    kubectl("delete", "localqueues,workloads", "--all", "--all-namespaces", "--wait=false")
    kubectl("delete", "clusterqueues,resourceflavors", "--all", "--wait=false")

    def missing() -> str | None:
        left = kubectl.get("clusterqueues,resourceflavors,workloads,localqueues", "--all-namespaces")["items"]
        return f"Still there: {[item['metadata']['name'] for item in left]}." if left else None

    explain = partial(log_tail, instance.log("kueue"))
    wait_until(missing, timeout_seconds=60, what="The end of all queues", every_seconds=0.3, explain=explain)
