"""A program on a pseudo-terminal: what a person would see."""

import os
import pty
import select
import time
from collections.abc import Callable

from tests.unit.cli.cluster_cli import Cli


class Terminal:
    """`gridfold` on a terminal of 120 columns."""

    def __init__(self, cli: Cli, *arguments: object) -> None:
        self.master, slave = pty.openpty()
        self.process = cli.start(*arguments, stdout=slave, stderr=slave, stdin=slave, start_new_session=True)
        os.close(slave)
        self.text = ""

    def read_until(self, words: str, seconds: float = 30) -> str:
        """Read until these words have come."""
        return self._read(lambda: words in self.text, seconds, words)

    def close(self, seconds: float = 30) -> tuple[int, str]:
        """Read to the end and return exit code and all that came."""
        self._read(lambda: self.process.poll() is not None, seconds, "its end")
        self._read_what_is_there()
        os.close(self.master)
        return self.process.returncode, self.text

    def _read(self, so: Callable[[], bool], seconds: float, what: str) -> str:
        end = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < end, f"{what} has not come: {self.text[-2000:]}"
            self._read_what_is_there()
        return self.text

    def _read_what_is_there(self) -> None:
        while select.select([self.master], [], [], 0.02)[0]:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # nobody has the other side open
                return
            self.text += chunk.decode(errors="replace")
