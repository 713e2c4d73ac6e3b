"""Each YAML of a page is something that is known, and valid as that: what nobody claims is an error.

A TrainingJob, or a part of one, is judged by the product; values of the chart by its schema; rights and objects of
others by their shape, and Kueue's by the version that the tests have.
"""

import json
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold_cli.reading.kubectl_yaml import read_documents
from tests.testbed.kueue import API_VERSION as KUEUE
from tests.testbed.pins import pins
from tests.unit.pages.fences import FENCES, ROOT, Fence, every

CHART = ROOT / "charts/gridfold"
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))
#: jsonschema is there with what judges a release's lists.
JSONSCHEMA = Path(sys.prefix) / "gridfold-sbom"
Document = dict[str, Any]
LEAST: Document = {
    "apiVersion": "gridfold.dev/v1alpha1",
    "kind": "TrainingJob",
    "metadata": {"name": "least"},
    "spec": {
        "dataset": {"sources": [{"uri": "s3://data/rows.csv"}], "target": "y"},
        "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
        "search": {"grid": [{"C": [1]}]},
        "output": {"uri": "s3://models/least/"},
    },
}
RBAC = "rbac.authorization.k8s.io/v1"
#: What an object of each kind has beside apiVersion, kind and metadata.
FIELDS = {
    ("v1", "Namespace"): set(),
    ("v1", "Secret"): {"stringData"},
    ("v1", "ConfigMap"): {"data"},
    ("v1", "ServiceAccount"): set(),
    (RBAC, "Role"): {"rules"},
    (RBAC, "RoleBinding"): {"roleRef", "subjects"},
    (KUEUE, "ResourceFlavor"): set(),
    (KUEUE, "ClusterQueue"): {"spec"},
    (KUEUE, "LocalQueue"): {"spec"},
}
CLUSTER_WIDE = {"Namespace", "ResourceFlavor", "ClusterQueue"}
#: Of Kubernetes, and the one by which the chart's policy lets a tenant name what they may not read.
VERBS = {"get", "list", "watch", "create", "update", "patch", "delete", "use"}


def merged(into: Document, more: Document) -> Document:
    """Return a copy with what is said otherwise, as Helm and a patch do it: a list takes the place of one."""
    found = deepcopy(into)
    for name, value in more.items():
        both = isinstance(value, dict) and isinstance(found.get(name), dict)
        found[name] = merged(found[name], value) if both else value
    return found


def problems(documents: list[Any]) -> list[str]:
    """Return what is wrong with the values of a chart."""
    if not JSONSCHEMA.exists():
        pytest.skip(f"jsonschema is not in {JSONSCHEMA}; `make test` installs it")
    script = (
        "import json, sys\n"
        "sys.modules['rfc3987_syntax'] = None\n"  # a format that is not asked for takes seconds to import
        "import jsonschema\n"
        "schema, *documents = json.load(sys.stdin)\n"
        "judge = jsonschema.Draft7Validator(schema)\n"
        "print(json.dumps([f'{e.json_path}: {e.message}' for one in documents for e in judge.iter_errors(one)]))\n"
    )
    program = [sys.executable, "-c", f"import sys; sys.path.append({str(JSONSCHEMA)!r})\n{script}"]
    said = subprocess.check_output(program, input=json.dumps([SCHEMA, *documents]), text=True)
    found: list[str] = json.loads(said)
    return found


def judge(document: Any, text: str) -> list[str]:
    """Return what is wrong with a document of a page, which is judged by what it is.

    Raises:
        InvalidTrainingJobError: it is a TrainingJob, or a part of one, that the product refuses.
    """
    if isinstance(document, list):
        return judge_rules(document, text)
    if "kind" in document:
        return judge_object(document)
    if document.keys() <= SCHEMA["properties"].keys():
        return problems([merged(DEFAULTS, document)])
    fields = {field.alias for field in TrainingJobSpec.model_fields.values()}
    part = document if document.keys() == {"spec"} else {"spec": document}
    if not part["spec"].keys() <= fields:
        return [f"{sorted(document)} is no object, no part of a TrainingJob's spec and no value of the chart"]
    parse_training_job(merged(LEAST, part))
    return []


def judge_object(document: Document) -> list[str]:
    kind = document["kind"]
    if kind == "TrainingJob":
        parse_training_job(document)
        return []
    fields = FIELDS.get((document["apiVersion"], kind))
    if fields is None:
        return [f"{document['apiVersion']} {kind} is not known to this test"]
    metadata = document.get("metadata", {})
    found = [] if "name" in metadata else ["metadata.name is missing"]
    if ("namespace" in metadata) == (kind in CLUSTER_WIDE):
        found.append(f"metadata.namespace is {metadata.get('namespace')}")
    if document.keys() - {"apiVersion", "kind", "metadata"} != fields:
        found.append(f"it has {sorted(document)}")
    return found + judge_rules(document.get("rules", []), "# Role trainer")


def judge_rules(rules: list[Any], text: str) -> list[str]:
    found = [] if re.match(r"# (Cluster)?Role [a-z-]+", text) else ["a list of rules does not tell whose they are"]
    return found + [f"{rule} is no rule" for rule in rules if not is_rule(rule)]


def is_rule(rule: Document) -> bool:
    parts = {"apiGroups", "resources", "verbs"}
    return rule.keys() - {"resourceNames"} == parts and VERBS.issuperset(rule["verbs"])


@every("yaml")
def test_yaml_is_valid_as_what_it_is(fence: Fence) -> None:
    documents = [found.value for found in read_documents(fence.text)]  # as kubectl reads it: y is true
    assert documents
    assert [problem for document in documents for problem in judge(document, fence.text)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: TrainingJob\napiVersion: gridfold.dev/v1alpha1\nmetadata: {name: a}\nspec: {}", "dataset"),
        ("spec: {execution: {minParallelism: 2}}", "queueName"),
        ("scoring: {objectiv: f1}", "objectiv"),
        ("kueue: {enable: true}", "'enable' was unexpected"),
        ("keuue: {enabled: true}", "no value of the chart"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}", "not known"),
        ("apiVersion: kueue.x-k8s.io/v1\nkind: LocalQueue\nmetadata: {name: a}", "not known"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {}", "namespace is None"),
        ("- {apiGroups: [], resources: [pods], verbs: [list]}", "whose they are"),
        ("# Role a\n- {apiGroups: [], resources: [pods], verbs: [read]}", "is no rule"),
    ],
)
def test_what_is_wrong_or_unknown_is_told(text: str, words: str) -> None:
    try:
        (told,) = [problem for found in read_documents(text) for problem in judge(found.value, text)]
    except InvalidTrainingJobError as error:
        told = str(error)
    assert words in told


@every("json")
def test_json_can_be_read(fence: Fence) -> None:
    json.loads(fence.text)


def test_each_fence_is_of_a_language_that_is_judged() -> None:
    known = {"", "sh", "console", "yaml", "json", "python", "promql"}
    assert {str(fence): fence.language for fence in FENCES if fence.language not in known} == {}


#: Of the client, and the right that S3 wants for it.
RIGHTS = {
    "get_object": "s3:GetObject",
    "head_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "upload_fileobj": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "list_objects_v2": "s3:ListBucket",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
}


def test_the_page_about_identities_names_the_right_for_each_call_of_the_trainer() -> None:
    store = (ROOT / "trainer_image/gridfold_trainer/storage/s3_store.py").read_text("utf-8")
    calls = {*re.findall(r"self\._client\.(\w+)\(", store), *re.findall(r'_pages\("(\w+)"', store)}
    assert calls - {"close", "get_paginator"} == RIGHTS.keys()
    page = (ROOT / "docs/identity.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(s3:\w+)`", page, re.MULTILINE)) == {*RIGHTS.values()}
    (policy,) = [
        json.loads(fence.text) for fence in FENCES if fence.page.stem == "identity" and fence.language == "json"
    ]
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert allowed == {*RIGHTS.values()} - {"s3:ListBucketMultipartUploads"}, "that is for prune alone"


@pytest.mark.parametrize(
    ("page", "tool", "words"),
    [
        ("kueue.md", "kueue", "Tested with Kueue {}"),
        ("storage.md", "versitygw", "Tested with versitygw {}"),
        ("nodes/karpenter.md", "karpenter", "tested with {}"),
    ],
)
def test_a_page_names_the_version_that_the_tests_have(page: str, tool: str, words: str) -> None:
    (version,) = [found.version.removeprefix("v") for found in pins().tools if found.name == tool]
    assert words.format(version) in (ROOT / "docs" / page).read_text("utf-8")
