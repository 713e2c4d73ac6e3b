"""Ctrl-C ends every command about a cluster on a terminal with 130, in words; a deletion that was sent may go on."""

import signal
import threading

import pytest

from tests.unit.cli.cluster_cli import Cli, complete
from tests.unit.cli.pseudo_terminal import Terminal
from tests.unit.cli.test_report import stored


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
