"""The real API server and `parse_training_job` refuse the same documents and store the same specs."""

import json
import re
from collections.abc import Callable

import pytest

from gridfold.api.validation import parse_training_job
from tests.cluster.kind import ensure_kind
from tests.contract.invalid_jobs import PASSWORD, REFUSED, UNACCEPTED, broken
from tests.unit.domain.world import document

pytestmark = pytest.mark.cluster
Kubectl = Callable[..., str]


@pytest.fixture(scope="session")
def crd(kubectl: Kubectl) -> None:
    ensure_kind(kubectl)


def manifest(raw: dict[str, object]) -> str:
    """Return a document for a dry run, which leaves nothing behind."""
    return json.dumps({**raw, "metadata": {"name": "job", "namespace": "default"}})


@pytest.mark.parametrize(("path", "word", "edit"), REFUSED)
def test_the_api_server_refuses_what_validate_refuses_and_names_the_field(
    crd: None, kubectl: Kubectl, path: str, word: str, edit: object
) -> None:
    with pytest.raises(Exception, match="invalid") as caught:
        kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest(broken(edit)))
    told = re.sub(r"(columnFormats)\[(\w+)\]", r"\1.\2", str(caught.value))  # kubectl's way to write a key of a map
    assert path in told
    assert word in told
    assert PASSWORD not in told


@pytest.mark.parametrize(("path", "word", "edit"), UNACCEPTED)
def test_the_api_server_takes_what_only_the_operator_can_judge(
    crd: None, kubectl: Kubectl, path: str, word: str, edit: object
) -> None:
    kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest(broken(edit)))


def test_defaults_of_the_api_server_are_those_of_the_models(crd: None, kubectl: Kubectl) -> None:
    raw = document([{"C": [0.5, None, {"float": 1}], "class_weight": [None, "balanced"]}])
    stored = json.loads(kubectl("apply", "--dry-run=server", "-o", "json", "-f", "-", stdin=manifest(raw)))
    assert parse_training_job(stored).spec == parse_training_job(raw).spec
    assert stored["spec"]["search"]["grid"] == raw["spec"]["search"]["grid"]
    assert stored["spec"]["split"] == {"train": 70, "validation": 15, "test": 15, "method": "Auto", "seed": 0}


def test_explain_teaches(crd: None, kubectl: Kubectl) -> None:
    text = kubectl("explain", "tj.spec.split")
    assert "test part is opened once" in " ".join(text.split())
    assert "Stratified keeps the shares of the classes" in " ".join(text.split())
    assert "Default: 5." in kubectl("explain", "tj.spec.crossValidation.folds"), "kubectl shows no defaults by itself"
