"""Ctrl-C ends every command that waits, for a cluster or the trainer, with 130; a deletion that was sent may go on."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.cli.cluster_cli import Cli, complete
from tests.unit.cli.processes import lives, names, wait_until
from tests.unit.cli.pseudo_terminal import Terminal
from tests.unit.cli.test_report import stored

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("logs", "small"),
        ("results", "small"),
        ("report", "small"),
        ("prune", "small", "--yes"),
        ("replay", "small", "1"),
        ("compare", "small", "small"),
        ("delete", "small"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_ctrl_c_while_the_cluster_lets_a_command_wait_is_told_and_ends_with_130(
    cli: Cli, arguments: tuple[str, ...]
) -> None:
    stored(cli, complete(3))
    before = dict(cli.cluster.objects)
    asked, answer = threading.Event(), threading.Event()

    def wait(_path: str) -> None:
        asked.set()
        answer.wait(60)

    cli.cluster.on_request = wait
    terminal = Terminal(cli, *arguments)
    try:
        cli.wait_for(asked.is_set)
        terminal.process.send_signal(signal.SIGINT)
        code, text = terminal.close()
    finally:
        answer.set()
    assert code == 130
    assert "interrupted" in text
    assert "Traceback" not in text
    assert arguments[0] == "delete" or cli.cluster.objects == before


#: A trainer that has been asked and does not answer, as one that reads a large table or a slow store.
_SLOW = """
import os, sys, time
if any(word.startswith("gridfold_trainer") for word in sys.orig_argv):
    open(os.environ["ASKED"], "w").write(str(os.getpid()))
    time.sleep(120)
"""


@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "kill"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("init", "data.csv", "--target", "y"),
        ("plan", "job.yaml"),
        ("results", "job.yaml"),
        ("report", "job.yaml"),
        ("replay", "job.yaml", "1"),
        ("compare", "job.yaml", "job.yaml"),
        ("prune", "job.yaml"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_ctrl_c_while_the_trainer_answers_ends_both_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], *, whole_group: bool
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(_SLOW)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "data.csv").write_text("a,y\n1,no\n2,yes\n")
    (tmp_path / "job.yaml").write_text((EXAMPLES / "minimal.yaml").read_text())
    asked = tmp_path / "asked"
    here = {"PYTHONPATH": str(tmp_path / "site"), "ASKED": str(asked), "GRIDFOLD_SCRATCH": str(tmp_path / "scratch")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gridfold_cli", *arguments],
        cwd=tmp_path,
        env={**os.environ, **here},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: process.poll() is not None or (asked.exists() and asked.read_text() != ""))
        assert process.poll() is None, process.communicate()
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, said) == (130, "gridfold: interrupted\n")
    wait_until(lambda: not lives(int(asked.read_text())))
    assert names(tmp_path / "scratch") == []
