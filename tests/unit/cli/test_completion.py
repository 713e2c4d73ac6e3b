"""Completion in shells and through kubectl: commands, options, names of jobs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gridfold_cli import kubectl_completion
from gridfold_cli.commands.group import NAMES
from tests.unit.cli.cluster_cli import Cli


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_gridfold_itself(cli: Cli, shell: str) -> None:
    done = cli("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"_GRIDFOLD_COMPLETE={shell}_complete" in done.out
    if shutil.which(shell):
        read = [shell, "-n"]
        assert subprocess.run(read, input=done.out, text=True, capture_output=True).stderr == ""


def through_kubectl(cli: Cli, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cli.environment().items():
            patch.setenv(name, value)
        kubectl_completion.main(words)
    return capsys.readouterr().out.splitlines()


def test_kubectl_is_told_commands_options_and_names_and_whether_files_are_meant(
    cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.cluster.job("large")
    cli.cluster.job("small")
    cli.cluster.job("other", namespace="theirs")
    assert [line.partition("\t")[0] for line in through_kubectl(cli, capsys, "w")] == ["watch", ":4"]
    assert through_kubectl(cli, capsys, "watch", "") == ["large", "small", ":4"]
    assert through_kubectl(cli, capsys, "watch", "-n", "theirs", "") == ["other", ":4"]
    assert through_kubectl(cli, capsys, "results", "s") == ["small", ":0"]
    assert through_kubectl(cli, capsys, "logs", "small", "--ce")[0].startswith("--cell\t")
    cli.cluster.refused["GET", "trainingjobs"] = 403, "no"
    assert through_kubectl(cli, capsys, "watch", "") == [":4"]


def test_the_page_about_commands_has_every_command_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text()
    assert sorted(re.findall(r"^\| `gridfold ([a-z-]+)", page, re.MULTILINE)) == sorted(NAMES)
