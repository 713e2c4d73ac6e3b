"""A value in YAML is on a laptop what it is after kubectl and the API server."""

import json
from typing import Any

import pytest

from gridfold_cli.reading.kubectl_yaml import YamlError, read_documents
from tests.cluster.kind import ensure_kind
from tests.contract.yaml_spellings import KEYS, REFUSED, VALUES
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import Kubectl

JOB = """\
apiVersion: gridfold.dev/v1alpha1
kind: TrainingJob
metadata: {name: spellings}
spec:
  dataset: {sources: [{uri: "s3://data/rows.csv"}], target: label}
  estimator: {className: sklearn.linear_model.LogisticRegression}
  output: {uri: "s3://models/spellings/"}
"""


def as_json(value: Any) -> str:
    """Return a text in which 1, 1.0, true and "1" differ."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def values_document() -> str:
    """Return a job in which every spelling is a value of one axis."""
    return JOB + "  search:\n    grid:\n    - C:\n" + "".join(f"      - {spelling}\n" for spelling in VALUES)


def read(text: str) -> Any:
    (document,) = read_documents(text)
    return document.value


def test_there_are_enough_spellings_to_mean_something() -> None:
    assert len(VALUES) + len(KEYS) + len(REFUSED) >= 150


@pytest.mark.parametrize("spelling", VALUES)
def test_a_value_is_read_as_the_table_says(spelling: str) -> None:
    assert as_json(read(f"- {spelling}\n")) == as_json([VALUES[spelling]])


@pytest.mark.parametrize("spelling", KEYS)
def test_a_key_is_read_as_the_table_says(spelling: str) -> None:
    assert read(f"{spelling}: 1\n") == {KEYS[spelling]: 1}


@pytest.mark.parametrize("spelling", REFUSED)
def test_what_kubectl_refuses_is_refused(spelling: str) -> None:
    with pytest.raises(YamlError):
        read(f"- {spelling}\n")


@pytest.fixture(scope="module")
def with_resource(kubectl: Kubectl) -> Kubectl:
    ensure_kind(kubectl)
    return kubectl


@pytest.mark.cluster
@pytest.mark.parametrize("way", [[], ["--server-side"]], ids=["client-side", "server-side"])
def test_kubectl_and_the_api_server_read_every_value_as_the_table_says(
    with_resource: Kubectl, namespace: str, way: list[str]
) -> None:
    with_resource("apply", "-n", namespace, *way, "-f", "-", stdin=values_document())
    stored = with_resource.get("trainingjob", "spellings", "-n", namespace)
    seen = stored["spec"]["search"]["grid"][0]["C"]
    different = [
        f"{spelling}: table {as_json(expected)}, cluster {as_json(found)}"
        for (spelling, expected), found in zip(VALUES.items(), seen, strict=True)
        if as_json(found) != as_json(expected)
    ]
    assert different == []


@pytest.mark.cluster
def test_kubectl_and_the_api_server_read_every_key_as_the_table_says(with_resource: Kubectl, namespace: str) -> None:
    lines = "".join(f"      {spelling}: 1\n" for spelling in KEYS)
    text = JOB.replace(
        "estimator: {className: sklearn.linear_model.LogisticRegression}",
        f"estimator:\n    className: sklearn.linear_model.LogisticRegression\n    parameters:\n{lines}".rstrip(),
    )
    with_resource("apply", "-n", namespace, "-f", "-", stdin=text + "  search: {grid: [{C: [1]}]}\n")
    stored = with_resource.get("trainingjob", "spellings", "-n", namespace)
    assert set(stored["spec"]["estimator"]["parameters"]) == set(KEYS.values())


@pytest.mark.cluster
@pytest.mark.parametrize("spelling", REFUSED)
def test_kubectl_refuses_what_we_refuse(with_resource: Kubectl, namespace: str, spelling: str) -> None:
    text = JOB + f"  search:\n    grid:\n    - C:\n      - {spelling}\n"
    with pytest.raises(TestbedError, match="error"):
        with_resource("apply", "-n", namespace, "-f", "-", stdin=text)
