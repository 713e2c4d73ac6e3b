"""What Artifact Hub is told of the chart is what the chart has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridfold.api.crd import build_crd
from gridfold.api.validation import parse_training_job
from gridfold_cli.reading.kubectl_yaml import read_documents

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts/gridfold"
ABOUT = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
#: https://artifacthub.io/docs/topics/annotations/helm/
KINDS = {"added", "changed", "deprecated", "removed", "fixed", "security"}
CAPABILITIES = {"Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"}


def told(name: str) -> Any:
    """Return an annotation that is a document of its own."""
    return yaml.safe_load(ABOUT["annotations"][f"artifacthub.io/{name}"])


def test_all_annotations_are_texts() -> None:
    assert {type(value) for value in ABOUT["annotations"].values()} == {str}
    assert ABOUT["annotations"]["artifacthub.io/operatorCapabilities"] in CAPABILITIES


def test_images_are_those_that_the_chart_runs_by_default() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    wanted = {"operator": values["image"], "trainer": values["trainer"]["image"]}
    assert {image["name"]: image["image"] for image in told("images")} == {
        name: f"{image['repository']}:{image['tag'] or ABOUT['appVersion']}" for name, image in wanted.items()
    }


def test_kinds_are_those_that_the_chart_brings() -> None:
    crd = build_crd()
    (version,) = crd["spec"]["versions"]
    (kind,) = told("crds")
    assert (kind["kind"], kind["name"]) == (crd["spec"]["names"]["kind"], crd["metadata"]["name"])
    assert kind["version"] == version["name"]
    assert kind["description"] == version["schema"]["openAPIV3Schema"]["description"]


def test_the_example_is_one_of_the_examples_and_valid_as_kubectl_reads_it() -> None:
    (example,) = told("crdsExamples")
    assert example == yaml.safe_load((ROOT / "examples/adult-income.yaml").read_text("utf-8"))
    (document,) = read_documents(ABOUT["annotations"]["artifacthub.io/crdsExamples"])
    parse_training_job(document.value[0])


@pytest.mark.parametrize("change", told("changes"), ids=lambda change: change["description"])
def test_a_change_is_one_that_the_changelog_tells_of_this_version(change: dict[str, str]) -> None:
    assert change["kind"] in KINDS
    newest = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert change["description"] in re.sub(r"\s+", " ", newest.replace("`", ""))


def test_the_version_is_the_one_of_the_project() -> None:
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert project is not None
    assert ABOUT["version"] == ABOUT["appVersion"] == project[1]
