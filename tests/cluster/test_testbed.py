"""What every other cluster test leans on: the testbed does what it says, and leaves nothing."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.testbed import cgroups, links, paths, processes
from tests.testbed import namespace as namespaces
from tests.testbed.api import Testbed
from tests.testbed.components import everything
from tests.testbed.errors import NotRunningError, TestbedError
from tests.testbed.instance import Instance
from tests.testbed.karpenter import running_karpenter
from tests.testbed.kubectl import Kubectl
from tests.testbed.plugin import Bucket, Cluster, fresh_bucket, s3_client
from tests.testbed.shell import run
from tests.testbed.simulated import Placement, simulated_nodes
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster


def restricted_pod(name: str, image: str, code: str) -> dict[str, Any]:
    """Return a pod that runs Python under restricted Pod Security."""
    container = {
        "name": "python",
        "image": image,
        "command": ["python3", "-c", code],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    security = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "securityContext": security, "containers": [container]},
    }


def message_of(kubectl: Kubectl, namespace: str, pod: dict[str, Any]) -> str:
    """Run a pod to its end and return its termination message."""
    name = pod["metadata"]["name"]
    kubectl.apply(pod, namespace=namespace)
    phase = "--for=jsonpath={.status.phase}=Succeeded"
    kubectl("wait", "--namespace", namespace, phase, f"pod/{name}", "--timeout=90s")
    found = kubectl.get("pod", name, "--namespace", namespace)
    message: str = found["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    return message


def simulated_job(name: str, place: Placement, annotations: dict[str, str], completions: int = 3) -> dict[str, Any]:
    """Return a Job whose pods exist in the API only."""
    pod = {
        "restartPolicy": "Never",
        "nodeSelector": place.node_selector,
        "tolerations": place.tolerations,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "cell",
                "image": "simulated",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    spec = {
        "completions": completions,
        "parallelism": completions,
        "completionMode": "Indexed",
        "backoffLimitPerIndex": 0,
        "template": {"metadata": {"annotations": annotations}, "spec": pod},
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def test_a_restricted_pod_runs_and_its_termination_message_arrives(
    testbed: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    code = "import os; open('/dev/termination-log', 'w').write(f'uid {os.getuid()}')"
    pod = restricted_pod("speaks", testbed.python_image, code)

    assert message_of(kubectl, namespace, pod) == "uid 65532"


def test_a_privileged_pod_is_refused(testbed: Cluster, kubectl: Kubectl, namespace: str) -> None:
    pod = restricted_pod("asks-too-much", testbed.python_image, "pass")
    pod["spec"]["securityContext"] = {}

    with pytest.raises(TestbedError, match="violates PodSecurity"):
        kubectl.apply(pod, namespace=namespace)


def test_a_pod_reaches_the_api_server_by_its_service_with_its_own_token(
    testbed: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    code = """
import pathlib, ssl, urllib.error, urllib.request
account = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
trust = ssl.create_default_context(cafile=account / "ca.crt")
headers = {"Authorization": "Bearer " + (account / "token").read_text()}
url = "https://10.96.0.1/api/v1/namespaces/default/secrets"
try:
    urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=trust, timeout=20)
except urllib.error.HTTPError as refused:
    pathlib.Path("/dev/termination-log").write_text(refused.read().decode())
"""
    testbed.require_own()

    said = json.loads(message_of(kubectl, namespace, restricted_pod("calls-home", testbed.python_image, code)))

    assert said["code"] == 403
    assert f"system:serviceaccount:{namespace}:default" in said["message"]


def test_the_s3_server_answers_at_the_same_address_in_a_pod_and_here(
    testbed: Cluster, kubectl: Kubectl, namespace: str, bucket: Bucket
) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key="folder/file", Body=b"content")
    url = bucket.client.generate_presigned_url("get_object", {"Bucket": bucket.name, "Key": "folder/file"})
    code = f"""
import urllib.request
open("/dev/termination-log", "wb").write(urllib.request.urlopen({url!r}, timeout=20).read())
"""
    assert bucket.list_keys() == ["folder/file"]
    assert message_of(kubectl, namespace, restricted_pod("reads", testbed.python_image, code)) == "content"


def test_a_bucket_goes_although_a_pod_on_its_way_out_still_writes_to_it(
    testbed: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, late = s3_client(testbed), ["last", "one more"]
    listed = Bucket.list_keys

    def list_keys(bucket: Bucket, prefix: str = "") -> list[str]:
        keys = listed(bucket, prefix)
        if late:
            client.put_object(Bucket=bucket.name, Key=late.pop(), Body=b"x")
        return keys

    monkeypatch.setattr(Bucket, "list_keys", list_keys)
    with fresh_bucket("late", client) as bucket:
        pass
    assert late == []
    asks = s3_client(testbed)
    with pytest.raises(ClientError) as gone:
        asks.head_bucket(Bucket=bucket.name)
    asks.close()
    assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_wrong_signature_is_refused_by_the_s3_server(testbed: Cluster, bucket: Bucket) -> None:
    intruder = s3_client(testbed, secret_key="not-the-secret")

    with pytest.raises(ClientError, match="SignatureDoesNotMatch") as refused:
        intruder.list_objects_v2(Bucket=bucket.name)
    intruder.close()

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_no_signature_is_refused_by_the_s3_server(testbed: Cluster, bucket: Bucket) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        direct.open(f"{testbed.s3_endpoint}/{bucket.name}", timeout=20)
    refused.value.close()


def test_a_pod_is_reachable_from_this_machine(testbed: Cluster, kubectl: Kubectl, namespace: str) -> None:
    testbed.require_own()
    pod = restricted_pod("serves", testbed.python_image, "")
    pod["spec"]["containers"][0]["command"] = ["python3", "-m", "http.server", "8000"]
    kubectl.apply(pod, namespace=namespace)
    kubectl("wait", "--namespace", namespace, "--for=condition=Ready", "pod/serves", "--timeout=90s")
    address = kubectl.get("pod", "serves", "--namespace", namespace)["status"]["podIP"]
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def missing() -> str | None:
        try:
            with direct.open(f"http://{address}:8000/etc/hostname", timeout=3) as answer:
                return None if answer.read().decode().strip() == "serves" else "Another pod answers."
        except OSError as error:
            return str(error)

    wait_until(missing, timeout_seconds=30, what="The pod's answer")


def test_simulated_pods_of_a_job_complete(testbed: Cluster, kubectl: Kubectl, namespace: str) -> None:
    testbed.require_own()
    with simulated_nodes(kubectl, namespace, 2) as place:
        kubectl.apply(simulated_job("cells", place, {"testbed.gridfold.dev/message": "score 0.9"}), namespace=namespace)
        kubectl("wait", "--namespace", namespace, "--for=condition=Complete", "job/cells", "--timeout=60s")
        pods = kubectl.get("pods", "--namespace", namespace)["items"]

    ended = [pod["status"]["containerStatuses"][0]["state"]["terminated"] for pod in pods]
    assert [(end["exitCode"], end["reason"], end["message"]) for end in ended] == [(0, "Completed", "score 0.9")] * 3


def test_simulated_pods_fail_as_their_annotations_say(testbed: Cluster, kubectl: Kubectl, namespace: str) -> None:
    testbed.require_own()
    killed = {"testbed.gridfold.dev/exit-code": "137", "testbed.gridfold.dev/reason": "OOMKilled"}
    with simulated_nodes(kubectl, namespace) as place:
        kubectl.apply(simulated_job("cells", place, killed), namespace=namespace)
        kubectl("wait", "--namespace", namespace, "--for=condition=Failed", "job/cells", "--timeout=60s")
        pods = kubectl.get("pods", "--namespace", namespace)["items"]
        job = kubectl.get("job", "cells", "--namespace", namespace)

    ended = [pod["status"]["containerStatuses"][0]["state"]["terminated"] for pod in pods]
    assert [(end["exitCode"], end["reason"]) for end in ended] == [(137, "OOMKilled")] * 3
    assert job["status"]["failedIndexes"] == "0-2"


def test_a_deleted_simulated_pod_fails_before_it_goes(testbed: Cluster, kubectl: Kubectl, namespace: str) -> None:
    """Without that the index of a Job with a podFailurePolicy hangs."""
    testbed.require_own()
    with simulated_nodes(kubectl, namespace) as place:
        job = simulated_job("cells", place, {"testbed.gridfold.dev/runs-for": "1h"}, completions=1)
        job["spec"]["podFailurePolicy"] = {
            "rules": [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [143]}}]
        }
        kubectl.apply(job, namespace=namespace)
        ready = "--for=jsonpath={.status.ready}=1"
        kubectl("wait", "--namespace", namespace, ready, "job/cells", "--timeout=60s")
        kubectl("delete", "pods", "--namespace", namespace, "--all", "--wait=false")
        kubectl("wait", "--namespace", namespace, "--for=condition=Failed", "job/cells", "--timeout=60s")

        assert kubectl.get("job", "cells", "--namespace", namespace)["status"]["failedIndexes"] == "0"


def test_karpenter_brings_nodes_for_pending_pods_and_takes_them_away(
    testbed: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    bed = testbed.require_own()
    with running_karpenter(bed, namespace) as place:
        job = simulated_job("cells", place, {"testbed.gridfold.dev/runs-for": "3s"}, completions=5)
        job["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "3"}}
        kubectl.apply(job, namespace=namespace)
        kubectl("wait", "--namespace", namespace, "--for=condition=Complete", "job/cells", "--timeout=120s")
        assert kubectl.get("nodes", "--selector", f"karpenter.sh/nodepool={namespace}")["items"]
        kubectl.apply(node_whose_machine_ended_before_it_was_registered(namespace))

    assert not kubectl.get("nodes", "--selector", f"karpenter.sh/nodepool={namespace}")["items"]


def node_whose_machine_ended_before_it_was_registered(pool: str) -> dict[str, Any]:
    name = f"ended-{pool}"
    labels = {"karpenter.sh/nodepool": pool, "kubernetes.io/hostname": f"{pool}-gone"}
    taint = {"key": "karpenter.sh/unregistered", "effect": "NoExecute"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [taint]},
    }


def test_a_second_up_changes_nothing(testbed: Cluster) -> None:
    bed = testbed.require_own()
    before, pids = bed.describe(), component_pids(bed)

    assert bed.up() == before
    assert component_pids(bed) == pids


def component_pids(bed: Testbed) -> dict[str, int | None]:
    instance = bed.instance()
    return {component.name: namespaces.running_pid(instance, component) for component in everything(instance)}


def test_a_second_instance_heals_and_leaves_nothing(testbed: Cluster, tmp_path: Path) -> None:
    """Its processes, mounts, links, routes, cgroups, rules and files: all go with it."""
    first = testbed.require_own()
    bed = Testbed(f"leaves-nothing-{os.getpid()}")
    before = folders_of_components()
    try:
        described = bed.up()
        assert described.api_server != first.describe().api_server
        killed = next(c for c in everything(bed.instance()) if c.name == "kube-scheduler")
        namespaces.kill(bed.instance(), killed)
        pids = component_pids(bed)
        assert bed.up() == described
        healed = component_pids(bed)
        instance = bed.instance()
        inode = str(Path(f"/proc/{instance.init_pid}/ns/pid").readlink())
        seen_while_up = traces_of(instance)
        pod = restricted_pod("lives-on", testbed.python_image, "import time; time.sleep(3600)")
        Kubectl.of(instance).apply(pod, namespace="default")
        Kubectl.of(instance)("wait", "--for=condition=Ready", "pod/lives-on", "--timeout=90s")
    finally:
        bed.down()

    assert {name for name in pids if pids[name] != healed[name]} == {"kube-scheduler"}
    assert healed["kube-scheduler"] is not None
    assert processes.of_namespace(inode) == []
    assert not links.exists(instance.link)
    assert cgroups.leftovers(instance.cgroup) == []
    assert not paths.instance(bed.name).exists()
    assert seen_while_up != []
    assert traces_of(instance) == []
    assert folders_of_components() == before
    assert first.is_up()
    with pytest.raises(NotRunningError, match="is up"):
        bed.describe()


def folders_of_components() -> set[str]:
    """Return which of the folders that are compiled into the components this machine has."""
    compiled_in = ("/var/lib/kubelet", "/var/lib/cni", "/var/lib/containerd", "/opt/containerd", "/opt/cni")
    more = ("/run/containerd", "/run/kubernetes", "/var/log/pods", "/var/log/containers", "/var/lib/containers")
    return {folder for folder in (*compiled_in, *more, "/etc/cni/net.d") if Path(folder).exists()}


def traces_of(instance: Instance) -> list[str]:
    """Return every line of the machine's mounts, links, routes and rules that names the instance or its networks."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    lines += [entry.name for entry in Path("/sys/class/net").iterdir()]
    for listing in (["ip", "-4", "route", "show", "table", "all"], ["iptables-save"], ["ip6tables-save"]):
        lines += run(listing).splitlines()
    at = instance.addresses
    networks = (f"{cidr.rpartition('.')[0]}." for cidr in (at.pod_cidr, at.link_cidr))  # 10.201.3. is not 10.201.39.
    names = (instance.id, str(instance.state), *networks)
    return [line for line in lines if any(name in line for name in names)]
