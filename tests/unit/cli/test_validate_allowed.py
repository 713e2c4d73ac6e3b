"""`gridfold validate --settings`: what the operator would refuse is told before anything is applied, in its words."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from gridfold.domain.tenancy.settings import TenancySettings
from gridfold_cli.commands.validate import validate
from tests.unit.cli.cluster_cli import s3_job
from tests.unit.cli.jobs import with_spec
from tests.unit.domain.world import World, job_of
from tests.unit.domain.world import document as domain_document

TENANCY = {
    "all": {"maxParallelism": 100, "maxMemory": "16Gi", "trainers": ["default"], "defaults": {"parallelism": 7}},
    "selectors": [{"matchLabels": {"tier": "gold"}, "limits": {"maxParallelism": 400}}],
    "namespaces": {"team-a": {"maxMemory": "64Gi", "outputPrefixes": ["s3://models/{namespace}/"]}},
}
VALUES = {"tenancy": TENANCY, "trainer": {"images": {"boosters": {"repository": "r"}}}}
MEMORY = {"resources": {"limits": {"memory": "32Gi"}}}
Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def write_job(tmp_path: Path) -> Write:
    """Write a resource into a file, a field in each line."""

    def write(resource: dict[str, Any]) -> Path:
        path = tmp_path / "job.yaml"
        path.write_text(yaml.safe_dump(resource).replace("target: y", "target: 'y'"), encoding="utf-8")
        return path

    return write


def judge(job: Path, settings: Path, *options: str) -> Result:
    return CliRunner().invoke(validate, [str(job), "--settings", str(settings), *options])


@pytest.fixture
def values(tmp_path: Path) -> Path:
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(VALUES), encoding="utf-8")
    return path


def told(done: Result) -> list[str]:
    assert done.exit_code != 0, done.output
    return [*getattr(done.exception, "problems", ())]


def test_what_is_allowed_is_said_with_the_namespace_and_what_is_filled_in(write_job: Write, values: Path) -> None:
    path = write_job(with_spec(s3_job(), execution=MEMORY))
    done = judge(path, values, "-n", "team-b", "--namespace-label", "tier=gold")
    assert done.exit_code != 0, "32Gi"
    path = write_job(with_spec(s3_job(), execution=MEMORY, output={"uri": "s3://models/team-a/x/"}))
    done = judge(path, values, "-n", "team-a", "--namespace-label", "tier=gold")
    assert done.exit_code == 0, done.output
    assert re.search(r"valid, \d+ cells", done.stdout)
    filled = json.dumps({"parallelism": 7})
    assert f"allowed in namespace team-a; what spec.execution leaves open becomes {filled}" in done.stdout
    assert done.stderr == ""


def test_all_that_is_not_allowed_is_told_at_once_each_with_its_line_and_the_advice_is_taken(
    write_job: Write, values: Path
) -> None:
    execution: dict[str, Any] = {**MEMORY, "parallelism": 200, "trainer": "cuda"}
    path = write_job(with_spec(s3_job(), execution=execution))
    lines = path.read_text(encoding="utf-8").splitlines()
    found = told(judge(path, values, "-n", "team-b", "--namespace-label", "tier=silver"))
    assert len(found) == 4, "the image is neither there nor allowed"
    for problem in found:
        _, line, field = re.match(r"(.*?):(\d+): spec\.execution\.(?:\w+\.)*(\w+) ", problem).groups()  # type: ignore[union-attr]
        assert lines[int(line) - 1].strip().startswith(f"{field}:")
    assert any("at most 100 (tenancy.all.maxParallelism of the operator's chart). Write 100 or" in one for one in found)
    assert any("no trainer image of this name, only default, boosters" in one for one in found)
    allowed = {"parallelism": 100, "trainer": "default", "resources": {"limits": {"memory": "16Gi"}}}
    path = write_job(with_spec(s3_job(), execution=allowed))
    done = judge(path, values, "-n", "team-b", "--namespace-label", "tier=silver")
    assert done.exit_code == 0, done.output


def test_files_of_this_machine_are_told_with_their_lines_and_the_advice_is_taken(
    write_job: Write, values: Path
) -> None:
    execution = {"resources": {"limits": {"memory": "1Gi"}}}
    local = {"dataset": {"sources": [{"uri": "file:a.csv"}], "target": "y"}, "output": {"uri": "file:out/"}}
    path = write_job(with_spec(s3_job(), execution=execution, **local))
    lines = path.read_text(encoding="utf-8").splitlines()
    source, output = told(judge(path, values, "-n", "team-b", "--namespace-label=a=b"))
    for problem, uri, place in (
        (source, "file:a.csv", "s3://BUCKET/KEY"),
        (output, "file:out/", "s3://BUCKET/FOLDER/"),
    ):
        number = int(problem.removeprefix(f"{path}:").partition(":")[0])
        assert lines[number - 1].endswith(f"uri: {uri}")
        assert place in problem
        assert "gridfold run" in problem
    assert CliRunner().invoke(validate, [str(path)]).exit_code == 0, "a job of a laptop is valid by itself"
    stored = {"dataset": {"sources": [{"uri": "s3://data/a.csv"}], "target": "y"}, "output": {"uri": "s3://models/x/"}}
    path = write_job(with_spec(s3_job(), execution=execution, **stored))
    done = judge(path, values, "-n", "team-b", "--namespace-label=a=b")
    assert done.exit_code == 0, done.output


def test_what_comes_through_a_pipe_can_be_judged_too(write_job: Write, values: Path) -> None:
    job = with_spec(s3_job(), execution={"resources": {"limits": {"memory": "1Gi"}}, "parallelism": 101})
    path = write_job(job)
    whole = path.read_text(encoding="utf-8")
    path.unlink()
    os.mkfifo(path)
    for text, code, words in ((whole, 2, "parallelism is 101"), (whole.replace("101", "100"), 0, "allowed in")):
        command = (sys.executable, "-m", "gridfold_cli", "validate", str(path), "--settings", str(values))
        asked = subprocess.Popen(
            [*command, "-n", "team-b", "--namespace-label=a=b"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with path.open("w", encoding="utf-8") as pipe:
            pipe.write(text)
        said, _ = asked.communicate(timeout=120)
        assert asked.returncode == code, said
        assert words in said


def test_the_words_are_the_operators(write_job: Write, values: Path) -> None:
    execution: dict[str, Any] = {**MEMORY, "parallelism": 200, "trainer": "boosters"}
    found = told(
        judge(write_job(with_spec(s3_job(), execution=execution)), values, "-n", "team", "--namespace-label=a=b")
    )
    world = World(job_of(domain_document(execution=execution)))
    world.limits = TenancySettings.model_validate(TENANCY).limits_of("team", {"a": "b"})
    world.step()
    assert world.condition("Accepted") == "False/NotAllowed"
    message = world.message("Accepted")
    assert len(found) == 3
    for problem in found:
        assert problem.partition(": ")[2] in message


@pytest.mark.parametrize(
    ("namespace", "options", "words"),
    [
        (None, (), "has no metadata.namespace, and what is allowed depends on it; give -n NAME"),
        ("team-a", ("-n", "team-b"), "metadata.namespace is team-a, and -n says team-b: leave one of them out"),
    ],
)
def test_whose_limits_count_must_be_known(
    write_job: Write, values: Path, namespace: str | None, options: tuple[str, ...], words: str
) -> None:
    job = s3_job()
    job["metadata"] = {"name": "x", **({"namespace": namespace} if namespace else {})}
    (problem,) = told(judge(write_job(job), values, *options))
    assert words in problem


def test_limits_by_labels_are_said_not_to_be_looked_at_where_no_label_is_given(write_job: Write, values: Path) -> None:
    path = write_job(with_spec(s3_job(), execution={"parallelism": 50, "resources": {"limits": {"memory": "1Gi"}}}))
    done = judge(path, values, "-n", "team-b")
    assert done.exit_code == 0, done.output
    assert done.stderr == f"{path}: limits by labels were not looked at; give each --namespace-label of team-b\n"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("tenancy: {all: {maxParalelism: 1}}\n", "tenancy.all.maxParalelism: Extra inputs are not permitted"),
        ("tenancy: {all: {maxMemory: lots}}\n", "tenancy.all.maxMemory: .*seen: .*lots"),
        ("trainer: {images: [a]}\n", "trainer.images: .*valid dictionary"),
        ("kind: Role\n", "has no settings of Gridfold in it"),
    ],
)
def test_a_file_that_is_no_settings_is_refused_in_words(
    write_job: Write, tmp_path: Path, settings: str, words: str
) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(settings, encoding="utf-8")
    (problem,) = told(judge(write_job(s3_job()), path, "-n", "team-b"))
    assert re.search(words, problem), problem


def test_the_charts_own_values_and_the_operators_config_map_allow_what_they_do_not_limit(
    write_job: Write, tmp_path: Path
) -> None:
    path = write_job(s3_job())
    chart = Path(__file__).parents[3] / "charts/gridfold/values.yaml"
    assert "allowed in namespace team-b" in judge(path, chart, "-n", "team-b").stdout
    data = {"settings.yaml": json.dumps({"trainer": {"image": "i", "images": {}}, "tenancy": {}})}
    config_map = tmp_path / "config-map.yaml"
    config_map.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "data": data}), encoding="utf-8")
    assert "allowed in namespace team-b" in judge(path, config_map, "-n", "team-b").stdout


@pytest.mark.parametrize(
    "options", [("-n", "team"), ("--namespace-label", "a=b"), ("--settings", "values.yaml", "--namespace-label", "a")]
)
def test_options_that_make_no_sense_are_refused(write_job: Write, values: Path, options: tuple[str, ...]) -> None:
    options = tuple(str(values) if option == "values.yaml" else option for option in options)
    done = CliRunner().invoke(validate, [str(write_job(s3_job())), "-n", "x", *options])
    assert done.exit_code == 2
    assert "--settings FILE" in done.output or "expected KEY=VALUE" in done.output


def test_the_example_of_the_page_is_what_is_printed(write_job: Write, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/tenancy.md").read_text("utf-8")
    values = tmp_path / "values.yaml"
    values.write_text(re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[0], encoding="utf-8")
    dataset = {"sources": [{"uri": "s3://data/open/rows.csv"}], "target": "y"}
    spec: dict[str, Any] = {"dataset": dataset, "output": {"uri": "s3://models/team-b/wide/"}}
    path = write_job(with_spec(s3_job(), execution={"parallelism": 500}, **spec))
    gold = ("-n", "team-b", "--namespace-label", "tier=gold")
    (problem,) = told(judge(path, values, *gold))
    words = problem.partition(": ")[2]
    assert words in " ".join(page.split())
    done = judge(write_job(with_spec(s3_job(), execution={"parallelism": 400}, **spec)), values, *gold)
    assert '"queueName": "batch"' in done.stdout


def test_packages_are_those_of_the_platform_whatever_this_machine_has(
    write_job: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(
        "trainer: {estimatorPrefixes: [lightgbm]}\ntenancy: {all: {maxParallelism: 1}}\n", encoding="utf-8"
    )
    light, other = ({"className": name} for name in ("lightgbm.LGBMClassifier", "xgboost.XGBClassifier"))
    (too_many,) = told(judge(write_job(with_spec(s3_job(), estimator=light)), values, "-n", "team"))
    assert "parallelism of at most 1" in too_many
    one = with_spec(s3_job(), execution={"parallelism": 1})
    done = judge(write_job(with_spec(one, estimator=light)), values, "-n", "team")
    assert done.exit_code == 0, done.output
    assert done.stderr.endswith("because GRIDFOLD_ESTIMATOR_PREFIXES does not name its package for this machine\n")
    monkeypatch.setenv("GRIDFOLD_ESTIMATOR_PREFIXES", "xgboost")
    (unknown,) = told(judge(write_job(with_spec(one, estimator=other)), values, "-n", "team"))
    assert "xgboost.XGBClassifier" in unknown


@pytest.mark.parametrize(
    ("trainer", "refused", "words", "allowed"),
    [
        (
            {"allowedEndpoints": ["s3.storage.svc"]},
            "https://mine.example",
            "namespace team-b may connect to no endpoint but s3.storage.svc (trainer.allowedEndpoints of the",
            "http://s3.storage.svc:9000",
        ),
        (
            {},
            "http://10.1.2.3:9000",
            "namespace team-b may connect to no endpoint but team-b.svc, public (trainer.allowedEndpoints of the",
            "https://mine.example",
        ),
    ],
    ids=["a list", "none named"],
)
def test_endpoints_are_judged_by_the_trainers_list_where_tenancy_has_none(
    write_job: Write, tmp_path: Path, trainer: dict[str, Any], refused: str, words: str, allowed: str
) -> None:
    settings = tmp_path / "values.yaml"
    settings.write_text(yaml.safe_dump({"trainer": trainer}), encoding="utf-8")
    (problem,) = told(judge(write_job(with_spec(s3_job(), storage={"endpoint": refused})), settings, "-n", "team-b"))
    assert f'spec.storage.endpoint is "{refused}": {words}' in problem
    done = judge(write_job(with_spec(s3_job(), storage={"endpoint": allowed})), settings, "-n", "team-b")
    assert done.exit_code == 0, done.output


def test_a_list_of_endpoints_that_cannot_be_read_is_told_in_words(write_job: Write, tmp_path: Path) -> None:
    settings = tmp_path / "values.yaml"
    settings.write_text(yaml.safe_dump({"trainer": {"allowedEndpoints": ["ftp://a"]}}), encoding="utf-8")
    (problem,) = told(judge(write_job(s3_job()), settings, "-n", "team-b"))
    assert "trainer.allowedEndpoints: Value error, 'ftp://a' is no endpoint" in problem
