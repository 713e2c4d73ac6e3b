"""The settings file: read strictly, with every reason at once."""

from pathlib import Path

import pytest

from gridfold_operator.capacity_settings import AwsSettings, ScaleSettings
from gridfold_operator.settings import SettingsError, load_settings


def write(folder: Path, text: str) -> str:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_an_image_is_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "trainer: {image: trainer:1}"))
    assert settings.trainer.image == "trainer:1"
    assert settings.watch_namespaces == ()
    assert settings.resync_seconds == 60
    assert settings.workers >= 16
    assert (settings.log_level, settings.log_format) == ("INFO", "JSON")


def test_names_are_those_of_the_chart(tmp_path: Path) -> None:
    text = "trainer: {image: t, imagePullPolicy: Never, env: {A: b}}\nwatchNamespaces: [a, b]\nresyncSeconds: 5\n"
    settings = load_settings(write(tmp_path, text))
    assert settings.trainer.image_pull_policy == "Never"
    assert dict(settings.trainer.env) == {"A": "b"}
    assert settings.watch_namespaces == ("a", "b")
    assert load_settings(write(tmp_path, "trainer: {image: t}\nlogFormat: Text")).log_format == "Text"


def test_what_a_platform_allows_beside_the_defaults_is_read(tmp_path: Path) -> None:
    text = "trainer: {image: t, estimatorPrefixes: [lightgbm, a.b], sources: {maxBytes: 5}}"
    trainer = load_settings(write(tmp_path, text)).trainer
    assert trainer.estimator_prefixes == ("lightgbm", "a.b")
    assert trainer.sources.max_bytes == 5
    plain = load_settings(write(tmp_path, "trainer: {image: t, sources: {maxBytes: null}}")).trainer
    assert (plain.estimator_prefixes, plain.sources.max_bytes) == ((), None)
    assert plain.sources.max_bytes is None


@pytest.mark.parametrize("entry", ["10.1.0.1/16", "http://", "a..b", "ftp://a", "999.1.1.1", "a:b", "a b", "a,b", ""])
def test_an_endpoint_that_is_none_is_refused(tmp_path: Path, entry: str) -> None:
    with pytest.raises(SettingsError, match=r"trainer\.allowedEndpoints"):
        load_settings(write(tmp_path, f"trainer: {{image: t, allowedEndpoints: ['{entry}']}}"))


@pytest.mark.parametrize("prefix", ["", "a.", "a-b", "a,b", "a..b", " a"])
def test_a_prefix_that_is_no_module_is_refused(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(SettingsError, match=r"trainer\.estimatorPrefixes\.0"):
        load_settings(write(tmp_path, f"trainer: {{image: t, estimatorPrefixes: ['{prefix}']}}"))


def test_images_have_names_and_default_is_that_of_the_first(tmp_path: Path) -> None:
    trainer = load_settings(write(tmp_path, "trainer: {image: t, images: {boosters: b, gpu: g}}")).trainer
    assert trainer.names == ("default", "boosters", "gpu")
    assert [trainer.image_of(name) for name in (*trainer.names, "other")] == ["t", "b", "g", ""]
    for name in ("default", "Boosters", "a.b", ""):
        with pytest.raises(SettingsError, match=r"trainer\.images"):
            load_settings(write(tmp_path, f"trainer: {{image: t, images: {{'{name}': b}}}}"))


PROVIDER = (
    "{name: big, kind: Karpenter, shape: {cpu: '4'}, nodeClassRef: {group: g, kind: k, name: n}, requirements: []}"
)


def test_providers_of_nodes_are_read_and_their_taints_reach_the_pods(tmp_path: Path) -> None:
    tainted = PROVIDER.replace("requirements: []", "requirements: [], taints: [{key: gpu}]")
    text = f"trainer: {{image: t}}\ncapacity: {{namespace: system, providers: [{tainted}]}}\n"
    settings = load_settings(write(tmp_path, text))
    (provider,) = settings.capacity.providers
    assert (provider.name, dict(provider.shape), provider.consolidate_after) == ("big", {"cpu": "4"}, "30s")
    assert [taint.key for taint in settings.pods.node_taints["big"]] == ["gpu"]
    assert load_settings(write(tmp_path, "trainer: {image: t}")).capacity.providers == ()


@pytest.mark.parametrize(
    ("providers", "words"),
    [
        (f"[{PROVIDER}, {PROVIDER}]", "the name big is taken"),
        (f"[{PROVIDER.replace('big', 'none')}]", "the name none is taken"),
        (f"[{PROVIDER.replace('Karpenter', 'Magic')}]", "Karpenter"),
        (f"[{PROVIDER.replace('4', 'four')}]", r"shape\.cpu"),
        (f"[{PROVIDER.replace('requirements', 'requirement')}]", "requirement"),
        (f"[{PROVIDER.replace('shape', 'pricePerHour: 0.2, shape')}]", "pricePerHour and currency go together"),
    ],
)
def test_a_provider_that_makes_no_sense_is_refused_in_words(tmp_path: Path, providers: str, words: str) -> None:
    text = f"trainer: {{image: t}}\ncapacity: {{namespace: system, providers: {providers}}}\n"
    with pytest.raises(SettingsError, match=words):
        load_settings(write(tmp_path, text))


def test_a_group_of_machines_to_be_scaled_is_read(tmp_path: Path) -> None:
    target = "{apiVersion: g/v1, resource: groups, namespace: m, name: n, nodeLabels: {pool: n}}"
    provider = f"{{name: workers, kind: Scale, shape: {{cpu: '4'}}, maxReplicas: 9, target: {target}}}"
    settings = load_settings(
        write(
            tmp_path, f"trainer: {{image: t}}\ncapacity: {{namespace: system, providers: [{PROVIDER}, {provider}]}}\n"
        )
    )
    found = settings.capacity.providers[1]
    assert isinstance(found, ScaleSettings)
    assert (found.target.place, found.max_replicas, settings.pods.node_taints["workers"]) == ("m/n", 9, ())


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("{region: eu-central-1, autoScalingGroup: workers, nodeLabels: {pool: w}}", ""),
        ("{region: eu-central-1, nodeLabels: {pool: w}}", "give one of autoScalingGroup and eksNodeGroup"),
        ("{region: Frankfurt, autoScalingGroup: workers, nodeLabels: {pool: w}}", r"target\.region.*Frankfurt"),
        ("{region: eu-central-1, autoScalingGroup: workers, nodeLabels: {}}", r"target\.nodeLabels"),
    ],
)
def test_a_group_of_aws_is_read(tmp_path: Path, target: str, words: str) -> None:
    provider = f"{{name: ec2, kind: AWS, shape: {{cpu: '4'}}, target: {target}}}"
    path = write(tmp_path, f"trainer: {{image: t}}\ncapacity: {{namespace: system, providers: [{provider}]}}\n")
    if words:
        with pytest.raises(SettingsError, match=words):
            load_settings(path)
        return
    (found,) = load_settings(path).capacity.providers
    assert isinstance(found, AwsSettings)
    assert found.target.place == "Auto Scaling group workers"


def test_providers_need_a_place_for_the_records_of_what_is_held(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="namespace is missing"):
        load_settings(write(tmp_path, f"trainer: {{image: t}}\ncapacity: {{providers: [{PROVIDER}]}}\n"))


def test_all_problems_are_told_with_the_values_seen(tmp_path: Path) -> None:
    path = write(tmp_path, "trainer: {image: '', imagePullPolicy: Sometimes}\nresyncSeconds: 0\nwatchNamespace: a\n")
    with pytest.raises(SettingsError) as told:
        load_settings(path)
    for words in ("trainer.image", "Sometimes", "resyncSeconds", "watchNamespace", path):
        assert words in str(told.value)


@pytest.mark.parametrize("text", ["", "[]", "trainer: [", "just words"])
def test_a_file_that_is_no_settings_file_is_refused_in_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"settings\.yaml"):
        load_settings(write(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.yaml cannot be read: No such file"):
        load_settings(str(tmp_path / "missing.yaml"))


def test_the_variable_names_the_file_where_no_option_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDFOLD_SETTINGS", write(tmp_path, "trainer: {image: from-variable}"))
    assert load_settings(None).trainer.image == "from-variable"


def test_without_either_both_ways_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDFOLD_SETTINGS", raising=False)
    with pytest.raises(SettingsError, match="--settings or the variable GRIDFOLD_SETTINGS"):
        load_settings(None)


PREFIXES = "trainer: {image: t, estimatorPrefixes: [lightgbm]}\n"


@pytest.mark.parametrize("prefix", ["lightgbm", "lightgbm.sklearn", "sklearn.svm", "*"])
def test_a_namespace_may_use_fewer_packages_than_the_trainer_has(tmp_path: Path, prefix: str) -> None:
    text = f"{PREFIXES}tenancy: {{namespaces: {{team-a: {{estimatorPrefixes: ['{prefix}']}}}}}}\n"
    assert load_settings(write(tmp_path, text)).tenancy.namespaces["team-a"].estimator_prefixes == (prefix,)


@pytest.mark.parametrize(
    ("tenancy", "words"),
    [
        (
            "{namespaces: {team-a: {estimatorPrefixes: [xgboost]}}}",
            r"tenancy\.namespaces\.team-a\.estimatorPrefixes has xgboost, which is not among "
            r"trainer\.estimatorPrefixes \(lightgbm\): name it there, too, or take it out",
        ),
        ("{all: {estimatorPrefixes: [light]}}", r"tenancy\.all\.estimatorPrefixes has light"),
        ("{all: {maxCell: 5}}", r"tenancy\.all\.maxCell"),
        ("{namespaces: {Team_A: {maxCells: 5}}}", r"Team_A"),
        ("{all: {allowedEndpoints: ['a b']}}", r"tenancy\.all\.allowedEndpoints"),
        ("{all: {allowedEndpoints: ['ftp://a']}}", r"tenancy\.all\.allowedEndpoints: .*'ftp://a' is no endpoint"),
        ("{all: {defaults: {retries: 1}}}", r"tenancy\.all\.defaults\.retries"),
        (
            "{all: {maxParallelism: 5, defaults: {parallelism: 9}}}",
            r"tenancy\.all: of what counts there, the default spec\.execution\.parallelism is 9: namespace … may have "
            r"a parallelism of at most 5 \(tenancy\.all\.maxParallelism of the operator.s chart\) \(seen",
        ),
        (
            "{all: {maxParallelism: 5}, namespaces: {team-a: {defaults: {parallelism: 9}}}}",
            r"tenancy\.namespaces\.team-a: of what counts there, the default spec\.execution\.parallelism is 9: "
            r"namespace team-a may have a parallelism of at most 5 \(tenancy\.all\.maxParallelism",
        ),
        (
            "{all: {defaults: {resources: {limits: {memory: 5 GB}}}}}",
            r"tenancy\.all\.defaults\.resources\.limits\.memory",
        ),
        (
            "{all: {defaults: {template: {tolerations: [{operator: Equal}]}}}}",
            r"default spec\.execution\.template\.tolerations\[0\]\.operator is \"Equal\": must be Exists",
        ),
        ("{all: {defaults: {trainer: gpu}}}", r"the default trainer gpu is not among trainer\.images \(default\)"),
        ("{all: {outputPrefixes: ['models/']}}", r"tenancy\.all\.outputPrefixes: .*must be a URI such as s3://"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused_in_words(tmp_path: Path, tenancy: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(write(tmp_path, f"{PREFIXES}tenancy: {tenancy}\n"))


def test_defaults_within_the_limits_are_taken_and_a_limit_without_a_default_asks_for_none(tmp_path: Path) -> None:
    text = "{all: {maxMemory: 4Gi, queues: [a], defaults: {parallelism: 5, resources: {limits: {cpu: '2'}}}}}"
    settings = load_settings(write(tmp_path, f"{PREFIXES}tenancy: {text}\n"))
    assert settings.tenancy.defaults_of("team", {}) == {"parallelism": 5, "resources": {"limits": {"cpu": "2"}}}
