"""`gridfold watch`: one screen on a terminal, a few lines elsewhere, and nothing that is missed."""

import signal
from datetime import UTC, datetime

import pytest
from rich.console import Console

from gridfold.api.status import TrainingJobStatus
from gridfold.domain.plan import Event
from gridfold_cli.terminal.screen import screen
from tests.unit.cli.api_server import job_path
from tests.unit.cli.cluster_cli import Cli, complete, failed, running
from tests.unit.cli.pseudo_terminal import Terminal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WATCHING = "watch=true"


def shown(status: dict[str, object], *events: Event, width: int = 120) -> str:
    console = Console(width=width, record=True, file=None, color_system=None)
    with console.capture() as capture:
        for part in screen("team/small", TrainingJobStatus.model_validate(status), events, NOW):
            console.print(part)
    return capture.get()


def test_the_screen_has_state_progress_time_left_best_cells_conditions_and_events() -> None:
    status = {**running(1, 3), "estimatedCompletionTime": "2026-01-01T00:02:00Z", "reason": "Unschedulable"}
    status["leaderboard"] = complete(3)["leaderboard"]
    found = shown(status, Event("Warning", "CellFailed", "cell 1: [out] of memory"))
    assert "team/small  Running (Unschedulable)" in found
    assert "1/3 cells, 1 running, about 2 min left" in found
    assert "rank  cell" in found
    assert "CellFailed: cell 1: [out] of memory" in found
    assert "Accepted" not in found, "what is as expected needs no line"
    assert "Failed" in shown(failed("NoCellSucceeded", "all of them failed"))
    assert "Complete" in shown(complete(3))


def test_a_screen_of_nothing_known_yet_is_shown_too() -> None:
    assert shown({}) == "team/small  Pending\n"


def test_without_a_terminal_a_few_plain_lines_come_and_the_exit_code_is_the_jobs(cli: Cli) -> None:
    job = cli.cluster.job("small", complete(3))
    cli.cluster.event(job, "Completed", "cell 2 of 3 won")
    done = cli("watch", "tj/small")
    assert (done.code, done.out, done.err) == (0, "Completed: cell 2 of 3 won\n", "")
    cli.cluster.job("small", failed("NoCellSucceeded", "none"))
    assert cli("watch", "small").code == 1


def test_a_job_that_is_not_there_is_told_with_the_others(cli: Cli) -> None:
    cli.cluster.job("large")
    done = cli("watch", "small")
    assert done.code == 1
    assert "has no TrainingJob small in the namespace team (it has large)" in done.err


def test_on_a_terminal_the_screen_follows_the_job_to_its_end(cli: Cli) -> None:
    cli.cluster.too_old = True
    job = cli.cluster.job("small", running(1, 3))
    terminal = Terminal(cli, "watch", "small")
    terminal.read_until("1/3 cells")
    cli.cluster.job("small", running(2, 3))
    terminal.read_until("2/3 cells")
    cli.cluster.event(job, "Completed", "cell 2 of 3 won")
    cli.cluster.job("small", complete(3))
    code, text = terminal.close()
    assert code == 0
    assert "Completed: cell 2 of 3 won" in text
    assert "0.7000 ± 0.0100" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "the cursor is there again"


def test_ctrl_c_gives_the_terminal_back_and_leaves_the_job_alone(cli: Cli) -> None:
    cli.cluster.job("small", running(1, 3))
    terminal = Terminal(cli, "watch", "small")
    terminal.read_until("1/3 cells")
    terminal.process.send_signal(signal.SIGINT)
    code, text = terminal.close()
    assert code == 130
    assert "the job goes on in the cluster; `gridfold watch small`" in text
    assert text.rstrip().endswith("shows it again.")
    assert "Traceback" not in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")
    assert job_path("small") in cli.cluster.objects


def test_an_api_server_that_goes_away_is_told_once_and_waited_for(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridfold_cli.cluster import following

    monkeypatch.setattr(following, "FIRST_PAUSE_SECONDS", 0.01)
    cli.cluster.job("small", running(1, 3))
    cli.cluster.refused["GET", "events"] = 503, "etcd is away"
    asked = cli.cluster.on_request

    def mend(path: str) -> None:
        if sum("/events" in known for _, known in cli.cluster.requests) == 4:
            cli.cluster.refused.clear()
            cli.cluster.job("small", complete(3))
        asked(path)

    cli.cluster.on_request = mend
    done = cli("watch", "small")
    assert done.code == 0
    assert done.out.count("etcd is away") == 1
    assert "trying again" in done.out
