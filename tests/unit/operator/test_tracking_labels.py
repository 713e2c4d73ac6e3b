"""Labels by which GitOps tools and Helm know what is theirs stay on the TrainingJob: they prune what has them."""

import json

import pytest

from gridfold_operator.adapters.kubernetes.client import Document
from tests.unit.operator.played_jobs import Played

MARKS = {
    "labels": {
        "app.kubernetes.io/instance": "tracked-by-argo",
        "argocd.argoproj.io/instance": "tracked-by-argo",
        "kustomize.toolkit.fluxcd.io/name": "tracked-by-flux",
        "kustomize.toolkit.fluxcd.io/namespace": "tracked-by-flux",
    },
    "annotations": {
        "argocd.argoproj.io/tracking-id": "tracked-by-argo:gridfold.dev/TrainingJob:team/job",
        "meta.helm.sh/release-name": "tracked-by-helm",
        "kubectl.kubernetes.io/last-applied-configuration": '{"tracked-by": "kubectl"}',
    },
}


def test_no_child_of_a_job_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    played, made = Played(), list[Document]()

    def write_down(_kind: str, change: str, document: Document) -> None:
        if change == "ADDED":
            made.append(document)

    async def story() -> None:
        played.api.listeners.append(write_down)
        played.create("job", 2)
        played.job("job")["metadata"].update(MARKS)
        await played.until(lambda: played.job("job").get("status", {}).get("state") == "Complete")

    played.run(monkeypatch, story)
    assert played.job("job")["metadata"]["labels"] == MARKS["labels"], "the operator saw them"
    children = [document for document in made if document.get("kind") != "TrainingJob"]
    kinds = {document.get("kind") for document in children}
    assert {"Job", "ConfigMap"} <= kinds
    for document in children:
        assert "tracked-by" not in json.dumps(document), document["metadata"]["name"]
