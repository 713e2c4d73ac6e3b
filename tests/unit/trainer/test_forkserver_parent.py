"""The server of processes tells a parent that is on its way out from one that only closes its pipe."""

import os
import subprocess
import sys

from gridfold_trainer.forkserver import is_ending


def test_a_process_that_was_killed_is_ending_before_anybody_has_asked_how_it_ended() -> None:
    assert not is_ending(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert not is_ending(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays as it is
        assert is_ending(process.pid)


def test_of_a_process_that_was_never_there_nothing_is_said() -> None:
    assert not is_ending(2**22 + 1)
