"""Write the chart as plain manifests, for clusters whose people do not use Helm; they need kubectl alone to apply them.

usage: hack/manifests.py REGISTRY [TAG] [--namespace NAME] [--values FILE]… [--folder FOLDER] [--helm PROGRAM]

The same chart and values make the same bytes. The kind has a file of its own: whoever deletes the operator by its file
keeps the TrainingJobs.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "charts/gridfold"
KIND, REST = "crds.yaml", "gridfold.yaml"
#: What only Helm reads, and what says that Helm looks after an object.
_HELM = re.compile(r"^ *helm\.sh/[a-z-]+: .*\n", re.MULTILINE)
_MANAGED = re.compile(r"^( *app\.kubernetes\.io/managed-by:) Helm$", re.MULTILINE)
#: The kinds of the Prometheus operator: whoever asks for an object of them has it, whatever this machine can reach.
_MONITORING = ("monitoring.coreos.com/v1/PodMonitor", "monitoring.coreos.com/v1/PrometheusRule")
_SOURCE = re.compile(r"^# Source: .*\n", re.MULTILINE)
_NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: {}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def main() -> int:
    """Write both files and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("registry", help="where the images are: registry.example.com/team")
    parser.add_argument("tag", nargs="?", default="", help="of the images; default: the chart's appVersion")
    parser.add_argument("--namespace", default="gridfold-system", help="of the operator")
    parser.add_argument("--values", action="append", default=[], metavar="FILE", help="values of the chart")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist/manifests", help="where the files go")
    parser.add_argument("--helm", default="helm", help="the program")
    given = parser.parse_args()
    if not given.registry:
        parser.error("which registry? For example: make manifests REGISTRY=registry.example.com/team TAG=0.1.0")
    try:
        text = _render(given)
    except FileNotFoundError:
        sys.stderr.write(f"{given.helm} is not on the path; Helm is needed to make the manifests, not to apply them.\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stderr)
        return 1
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(text, given.namespace).items():
        (given.folder / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"{given.folder / name}\n")
    return 0


def files(rendered: str, namespace: str) -> dict[str, str]:
    """Return what the files are to hold, of what Helm has rendered."""
    documents = [_plain(document) for document in re.split(r"^---\n", rendered, flags=re.MULTILINE)]
    kinds, rest = [], [_NAMESPACE.format(namespace)]
    for document in filter(_is_object, documents):
        is_kind = re.search(r"^kind: CustomResourceDefinition$", document, re.MULTILINE)
        (kinds if is_kind else rest).append(document)
    return {name: "---\n".join(found) for name, found in ((KIND, kinds), (REST, rest)) if found}


def _plain(document: str) -> str:
    plain = _SOURCE.sub("", _MANAGED.sub(r"\1 kubectl", _HELM.sub("", document)))
    return f"{plain.strip()}\n"


def _is_object(document: str) -> bool:
    return re.search(r"^kind: ", document, re.MULTILINE) is not None


def _render(given: argparse.Namespace) -> str:
    settings = {
        "image.repository": f"{given.registry.rstrip('/')}/gridfold-operator",
        "trainer.image.repository": f"{given.registry.rstrip('/')}/gridfold-trainer",
        "crds.keep": "false",  # an annotation of Helm's
    }
    if given.tag:
        settings |= {"image.tag": given.tag, "trainer.image.tag": given.tag}
    # Which API versions are there does not depend on the version of Helm.
    oldest = re.search(r'^kubeVersion: ">=([0-9.]+)', (CHART / "Chart.yaml").read_text("utf-8"), re.MULTILINE)
    if oldest is None:
        raise AssertionError("Chart.yaml has no kubeVersion of the form >=X")
    words = [
        given.helm,
        "template",
        "gridfold",
        str(CHART),
        "--namespace",
        given.namespace,
        "--kube-version",
        oldest[1],
    ]
    for name, value in settings.items():
        words += ["--set-string" if name.endswith("tag") else "--set", f"{name}={value}"]
    for version in _MONITORING:
        words += ["--api-versions", version]
    for file in given.values:
        words += ["--values", file]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
