"""Without Helm: the chart as plain manifests, which kubectl applies and takes away."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.installation import CHART, Installation, chart_values, helm, make_namespace
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster
SCRIPT = CHART.parents[1] / "hack/manifests.py"


def make(testbed: Cluster, folder: Path, *words: str) -> dict[str, str]:
    """Return the files that the script writes."""
    program = f"{testbed.own.instance().bin_dir}/helm" if testbed.own else shutil.which("helm")
    if program is None:
        pytest.skip("There is no helm on the path; install it to make manifests of the chart.")
    argv = [sys.executable, str(SCRIPT), *words, "--folder", str(folder), "--helm", program]
    said = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
    assert said.split() == [str(folder / name) for name in ("crds.yaml", "gridfold.yaml")]
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_the_manifests_are_what_helm_would_install_byte_for_byte_the_same_each_time_and_without_words_of_helm(
    testbed: Cluster, tmp_path: Path
) -> None:
    words = ("registry.example.com/ml/", "9.9", "--namespace", "ml-system")
    made = make(testbed, tmp_path / "a", *words)
    assert made == make(testbed, tmp_path / "b", *words)
    rendered = helm(testbed, "template", "gridfold", str(CHART), "--namespace", "ml-system", "--kube-version", "1.33")
    wanted = [document for document in yaml.safe_load_all(rendered) if document]
    (kind,) = yaml.safe_load_all(made["crds.yaml"])
    namespace, *rest = yaml.safe_load_all(made["gridfold.yaml"])
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", "ml-system")

    def names(documents: list[dict[str, dict[str, str]]]) -> list[tuple[object, str, str | None]]:
        found = ((one["kind"], one["metadata"]["name"], one["metadata"].get("namespace")) for one in documents)
        return sorted(found, key=str)

    assert names([kind, *rest]) == names(wanted)
    (deployment,) = (one for one in rest if one["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/ml/gridfold-operator:9.9"
    assert 'image: "registry.example.com/ml/gridfold-trainer:9.9"' in made["gridfold.yaml"]
    assert "helm" not in (made["gridfold.yaml"] + made["crds.yaml"]).lower()


def test_manifests_have_what_the_prometheus_operator_reads_where_the_values_ask_for_it(
    testbed: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "values.json").write_text(
        json.dumps({"metrics": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}}})
    )
    made = make(testbed, tmp_path / "out", "registry.example.com/ml", "--values", str(tmp_path / "values.json"))
    kinds = {document["kind"] for document in yaml.safe_load_all(made["gridfold.yaml"])}
    assert {"PodMonitor", "PrometheusRule"} <= kinds


@pytest.fixture
def plain(testbed: Cluster, images: dict[str, str], tmp_path: Path) -> Iterator[Installation]:
    """The operator of one namespace, by the manifests; what they have brought goes, and the kind stays."""
    kubectl = testbed.kubectl
    served, own = make_namespace(kubectl, "plain"), f"gridfold-plain-{secrets.token_hex(3)}"
    values = chart_values(images, (served,))
    for one in (values, values["trainer"]):
        one["image"].pop("repository")
    (tmp_path / "values.json").write_text(json.dumps(values))
    registry = images["operator"].rpartition("/")[0]
    make(testbed, tmp_path / "out", registry, "--namespace", own, "--values", str(tmp_path / "values.json"))
    file = str(tmp_path / "out/gridfold.yaml")
    try:
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(tmp_path / "out/crds.yaml"))
        kubectl.wait_until_served("crd/trainingjobs.gridfold.dev")
        kubectl("apply", "--server-side", "-f", file)
        installation = Installation(kubectl, own, (served,))
        installation.wait_until_ready()
        yield installation
    finally:
        kubectl("delete", "--ignore-not-found", "--wait=false", "-f", file)
        kubectl("delete", "namespace", served, "--wait=false")


def test_a_job_completes_where_kubectl_alone_has_installed_the_operator(
    plain: Installation, testbed: Cluster, bucket: Bucket
) -> None:
    jobs = ClusterJobs(testbed, plain.served[0], bucket, plain)
    jobs.add_credentials()
    name = jobs.apply(jobs.manifest("plain", jobs.upload(two_column_table())))
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status["conditions"]
    jobs.delete(name)
