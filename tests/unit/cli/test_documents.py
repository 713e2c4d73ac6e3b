"""From a file to a TrainingJob, or to sentences that say what is wrong, where, and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.documents import load_training_job
from gridfold_cli.reading.files import MAX_BYTES
from gridfold_cli.reading.suggestions import field_names
from tests.unit.cli.jobs import document, with_spec

YAML = """\
apiVersion: gridfold.dev/v1alpha1
kind: TrainingJob
metadata:
  name: small
spec:
  dataset:
    sources:
    - uri: s3://bucket/rows.csv
    target: class
  split: {train: 8e1, validation: 10.0, test: 1_0}
  estimator:
    className: sklearn.linear_model.LogisticRegression
    parameters: {fit_intercept: on}
  search:
    grid:
    - C: [1, 2.50, 1e1]
  output:
    uri: s3://bucket/out/
"""


def problems(tmp_path: Path, content: str | bytes | dict[str, Any]) -> tuple[str, ...]:
    path = tmp_path / "JOB.yaml"
    raw = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    with pytest.raises(InvalidInputError, match=r"JOB\.yaml") as caught:
        load_training_job(path)
    return tuple(problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems)


def test_a_good_file_is_read_with_the_numbers_that_the_api_server_would_see(tmp_path: Path) -> None:
    path = tmp_path / "JOB.yaml"
    path.write_text(YAML)
    spec = load_training_job(path).spec
    assert (spec.split.train, spec.split.validation, spec.split.test) == (80, 10, 10)
    assert spec.estimator.parameters == {"fit_intercept": True}
    values = spec.search.grid[0]["C"]
    assert [(value, type(value)) for value in values] == [(1, int), (2.5, float), (10, int)]


def test_json_is_read_like_yaml_and_1_point_0_arrives_as_1(tmp_path: Path) -> None:
    path = tmp_path / "JOB.json"
    resource = with_spec(document(), split={"train": 80.0, "validation": 10, "test": 1e1})
    path.write_text("\ufeff \n" + json.dumps(resource).replace("0.5", "5.0").replace("1.5", "1e300"))
    job = load_training_job(path)
    assert job.spec.split.train == 80
    assert [(v, type(v)) for v in job.spec.search.grid[0]["C"]] == [(5, int), (1e300, float), (2.5, float)]


def test_the_status_of_a_file_is_ignored_as_by_the_api_server(tmp_path: Path) -> None:
    path = tmp_path / "JOB.yaml"
    path.write_text(YAML + "status: {state: 12, nonsense: true}\n")
    assert load_training_job(path).status.state is None


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.yaml: there is no such file"):
        load_training_job(tmp_path / "nowhere.yaml")


def test_a_folder_is_said_to_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="is a folder; expected a YAML file"):
        load_training_job(tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "JOB.yaml: is empty; expected one TrainingJob"),
        (b"# nothing\n---\n", "JOB.yaml: is empty; expected one TrainingJob"),
        (b"\xff\xfe a", "JOB.yaml: is not UTF-8 text: byte 0 is 0xff"),
        (b"- a\n- b\n", 'JOB.yaml: ["a", "b"] is no resource; expected a TrainingJob: a map with apiVersion'),
        (b"a: b: c\n", "JOB.yaml:1:5: mapping values are not allowed in this context"),
        (b"a: 1\na: 2\n", "JOB.yaml:2:1: the key a stands here and on line 1; keep one"),
        (b'{"a": 1,\n "a": 2}', "JOB.yaml:2:2: the key a stands here and on line 1; keep one"),
        (
            b"apiVersion: v1\nkind: ConfigMap\n",
            'JOB.yaml: apiVersion is "v1" and kind is "ConfigMap"; expected gridfold.dev/v1alpha1 and TrainingJob',
        ),
        (
            b"a: 1\n---\nb: 2\n",
            "JOB.yaml: has 2 documents (they start on lines 1, 3); expected one TrainingJob: keep one in each file",
        ),
        (b"a" * (MAX_BYTES + 1), f"JOB.yaml: has more than {MAX_BYTES} bytes, which the API server refuses, too"),
    ],
)
def test_a_file_that_is_no_training_job_gets_one_sentence(tmp_path: Path, content: bytes, expected: str) -> None:
    assert problems(tmp_path, content) == (expected,)


def test_all_problems_come_at_once_each_with_path_value_rule_and_line(tmp_path: Path) -> None:
    broken = (
        YAML.replace("target: class", "traget: y")
        .replace("{train: 8e1, validation: 10.0, test: 1_0}", "{train: 'many', validation: 10.5, test: yes}")
        .replace("s3://bucket/out/", "ftp://x")
    )
    found = problems(tmp_path, broken)
    assert any(p.startswith("JOB.yaml:6: spec.dataset.target: is required") for p in found)
    assert any(p.startswith("JOB.yaml:9: spec.dataset.traget is true: is not a field") for p in found)
    assert any(p.startswith('JOB.yaml:10: spec.split.train is "many": Input should be a valid integer') for p in found)
    assert any(
        p.startswith("JOB.yaml:10: spec.split.validation is 10.5: Input should be a valid integer") for p in found
    )
    assert any(p.startswith("JOB.yaml:10: spec.split.test is true: Input should be a valid integer") for p in found)
    assert any(p.startswith('JOB.yaml:18: spec.output.uri is "ftp://x"') for p in found)
    assert len(found) == 6
    assert [int(p.split(":")[1]) for p in found] == [6, 9, 10, 10, 10, 18]


@pytest.mark.parametrize(
    ("section", "written", "meant"),
    [
        ({"dataset": {"sources": [{"url": "s3://a/b", "uri": "s3://a/b"}], "target": "y"}}, "sources[0].url", "uri"),
        ({"crossValidation": {"fold": 5}}, "crossValidation.fold", "folds"),
        ({"execution": {"max_failed_cells": 5}}, "execution.max_failed_cells", "maxFailedCells"),
        ({"execution": {"resources": {"limit": {}}}}, "execution.resources.limit", "limits"),
        ({"searhc": {}}, "spec.searhc", "search"),
    ],
)
def test_an_unknown_field_is_told_the_one_that_was_probably_meant(
    tmp_path: Path, section: dict[str, Any], written: str, meant: str
) -> None:
    (found,) = (p for p in problems(tmp_path, with_spec(document(), **section)) if "is not a field" in p)
    assert written in found
    assert found.endswith(f"did you mean {meant}?")


@pytest.mark.parametrize(
    ("section", "meant"),
    [
        ({"scoring": {"metrics": ["acuracy"]}}, "; write accuracy"),
        ({"scoring": {"metrics": ["rocauc"]}}, "; write roc_auc"),
        ({"split": {"method": "stratified"}}, "; did you mean Stratified?"),
        ({"crossValidation": {"method": "GroupKFold"}}, "; did you mean Grouped?"),
        ({"scoring": {"metrics": ["zzz"]}}, "neg_mean_poisson_deviance, neg_mean_gamma_deviance"),
    ],
)
def test_an_unknown_choice_is_told_the_one_that_was_probably_meant(
    tmp_path: Path, section: dict[str, Any], meant: str
) -> None:
    (found,) = problems(tmp_path, with_spec(document(), **section))
    assert found.endswith(meant)


def test_a_text_that_yaml_reads_as_true_gets_the_advice_to_quote_it(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, YAML.replace("target: class", "target: y"))
    assert found.startswith("JOB.yaml:9: spec.dataset.target is true:")
    assert found.endswith("write the text in quotes")


@pytest.mark.parametrize("key", ["Yes", "on", "y", "No", "OFF", "True", "FALSE"])
def test_a_key_that_yaml_reads_as_true_or_false_gets_the_advice_to_quote_it(tmp_path: Path, key: str) -> None:
    text = YAML.replace("fit_intercept: on", f"class_weight: {{{key}: 3, x: 1}}")
    (found,) = problems(tmp_path, text)
    assert found.startswith("JOB.yaml:13: spec.estimator.parameters.class_weight.")
    assert f"YAML reads the key {key} as " in found
    path = tmp_path / "advised.yaml"
    path.write_text(text.replace(f"{{{key}:", f"{{'{key}':"))  # the advice
    assert load_training_job(path).spec.estimator.parameters == {"class_weight": {key: 3, "x": 1}}


def test_keys_that_are_written_as_they_are_read_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "JOB.yaml"
    path.write_text(YAML.replace("fit_intercept: on", "class_weight: {true: 3, false: 1}"))
    assert load_training_job(path).spec.estimator.parameters == {"class_weight": {"true": 3, "false": 1}}


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ("3", "write [3]"),
        ("None", "write [null]"),
        ("l2", 'write ["l2"]'),
        ("'[1, 2]'", "write [1, 2] without quotes"),
        ("range(1, 5)", "such as [1, 2, 3]"),
    ],
)
def test_an_axis_that_is_no_list_is_told_how_to_become_one(tmp_path: Path, axis: str, words: str) -> None:
    (found,) = problems(tmp_path, YAML.replace("[1, 2.50, 1e1]", axis))
    assert found.startswith("JOB.yaml:16: spec.search.grid[0].C is")
    assert found.endswith(words) or words in found


@pytest.mark.parametrize("written", ["'true'", "1", "'yes'"])
def test_only_true_and_false_are_flags_as_for_the_api_server(tmp_path: Path, written: str) -> None:
    (found,) = problems(tmp_path, YAML.replace("  split:", f"  cleaning: {{trimText: {written}}}\n  split:"))
    assert "spec.cleaning.trimText" in found


def test_metadata_is_held_to_what_the_api_server_holds_it_to(tmp_path: Path) -> None:
    found = problems(
        tmp_path, YAML.replace("  name: small", "  name: small\n  lables: {}\n  annotations: {a: 1, b: x}")
    )
    assert found == (
        "JOB.yaml:5: metadata.lables is {}: is not a field of an object's metadata; did you mean labels?",
        "JOB.yaml:6: metadata.annotations.a is 1: must be a string: write it in quotes",
    )


def test_metadata_that_gridfold_never_reads_may_be_there(tmp_path: Path) -> None:
    path = tmp_path / "JOB.yaml"
    more = "  labels: {team: a}\n  annotations: {note: 'yes'}\n  finalizers: []\n  namespace: team-a"
    path.write_text(YAML.replace("  name: small", f"  name: small\n{more}"))
    assert load_training_job(path).metadata.namespace == "team-a"


def test_a_field_that_resembles_nothing_gets_no_guess(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, with_spec(document(), zzz=1))
    assert "did you mean" not in found


def test_the_names_below_a_free_map_are_not_known() -> None:
    assert field_names("spec.estimator.parameters") == []
    assert field_names("spec.search.grid[0]") == []
    assert "className" in field_names("spec.estimator")


def test_rules_across_fields_name_what_they_are_about(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, with_spec(document(), split={"train": 80, "validation": 15, "test": 15}))
    assert "spec.split" in found
    assert "80 + 15 + 15 = 110" in found
