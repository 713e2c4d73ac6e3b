"""Which cluster and namespace are meant: as kubectl finds them, and said kindly where there are none."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gridfold_cli.cluster import kubeconfig as looking
from gridfold_cli.cluster.kubeconfig import find_cluster
from gridfold_cli.cluster.refusals import NoClusterError
from tests.unit.cli.api_server import kubeconfig


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kubeconfig of whoever runs this, and no pod."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_the_current_context_and_its_namespace_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "a", "http://a:1")))
    place = find_cluster()
    assert (place.configuration.host, place.namespace, place.context) == ("http://a:1", "team", "here")


def test_of_several_files_the_first_to_say_something_is_right_and_one_that_is_not_there_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        kubeconfig(tmp_path / "a", "http://a:1", "x", "y"),
        kubeconfig(tmp_path / "b", "http://b:1", "y", "z"),
    )
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'no'}:{first}:{second}")
    assert find_cluster().context == "x"
    assert find_cluster("z").context == "z"
    assert find_cluster("y").configuration.host == "http://a:1"


def test_options_win_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "a", "http://a:1")))
    other = kubeconfig(tmp_path / "b", "http://b:1", "there")
    place = find_cluster(namespace="mine", kubeconfig=str(other))
    assert (place.configuration.host, place.namespace) == ("http://b:1", "mine")


def test_a_context_without_a_namespace_means_default(tmp_path: Path) -> None:
    assert find_cluster(kubeconfig=str(kubeconfig(tmp_path / "a", "http://a:1", namespace=""))).namespace == "default"


def test_without_a_kubeconfig_the_cluster_of_the_pod_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "namespace").write_text("mine\n")
    monkeypatch.setattr(looking, "NAMESPACE_FILE", str(tmp_path / "namespace"))
    monkeypatch.setattr(
        looking.config, "load_incluster_config", lambda client_configuration: setattr(client_configuration, "host", "h")
    )
    place = find_cluster()
    assert (place.namespace, place.words) == ("mine", "the cluster of this pod (h)")
    assert find_cluster(namespace="other").namespace == "other"


def broken(path: Path) -> str:
    path.write_text("just text")
    return str(path)


def with_program(path: Path, program: str) -> str:
    text = kubeconfig(path, "http://a:1").read_text()
    login = f'{{"exec": {{"apiVersion": "client.authentication.k8s.io/v1", "command": "{program}"}}}}'
    path.write_text(text.replace('{"token": "t"}', login))
    return str(path)


@pytest.mark.parametrize(
    ("prepare", "context", "words"),
    [
        (str, "", "--kubeconfig is .*, and there is no such file.*gridfold run JOB.yaml"),
        (broken, "", "which is no kubeconfig"),
        (
            lambda path: str(kubeconfig(path, "http://a:1", "x", "y")),
            "z",
            "--context is z, .*choose by --context: x, y",
        ),
        (lambda path: with_program(path, "/no/such/program"), "", "the context here cannot be used: .*no/such/program"),
        (lambda path: with_program(path, "/bin/false"), "", "cannot be used: exec: process returned 1.*log in again"),
    ],
)
def test_what_names_no_cluster_is_told_with_what_to_do(
    tmp_path: Path, prepare: Callable[[Path], object], context: str, words: str
) -> None:
    with pytest.raises(NoClusterError, match=words):
        find_cluster(context, kubeconfig=str(prepare(tmp_path / "config")))


def test_without_any_kubeconfig_both_places_that_were_looked_at_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoClusterError, match=r"KUBECONFIG is not set, which means ~/.kube/config"):
        find_cluster()
    monkeypatch.setenv("KUBECONFIG", "/no/such/file")
    with pytest.raises(NoClusterError, match="KUBECONFIG is /no/such/file"):
        find_cluster()


def test_the_client_is_imported_by_no_module_that_gridfold_run_imports() -> None:
    script = "import sys, gridfold_cli.commands.run, gridfold_cli.commands.submit; print('kubernetes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
