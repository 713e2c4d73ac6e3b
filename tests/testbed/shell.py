"""Running other programs, so that a failure tells what was run and what it said last."""

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.testbed.errors import TestbedError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without proxies and with the system's folders on the path.

    The testbed talks to its own addresses only: a proxy meant for the outside would swallow that.
    """
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    kept["PATH"] = f"{kept.get('PATH', '')}:{SYSTEM_PATH}"
    return kept | extra


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout_seconds: float = 120,
) -> str:
    """Run a command to its end and return what it printed; raise with its last lines if it fails."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            env=dict(env) if env is not None else environment(),
            cwd=cwd,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        )
    except FileNotFoundError as error:
        raise TestbedError(f"The command {words[0]} is not there: {error}.") from error
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"`{_short(words)}` did not end within {timeout_seconds:.0f} s.") from error
    if done.returncode != 0:
        said = last_lines(done.stderr or done.stdout)
        raise TestbedError(f"`{_short(words)}` ended with exit code {done.returncode}:\n{said}")
    return done.stdout


def _short(words: Sequence[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= 200 else f"{text[:200]}…"


def last_lines(text: str, count: int = 15) -> str:
    """Return the end of a text, indented, for a message; of a long line begin and end."""
    lines = text.rstrip().splitlines()[-count:]
    return "\n".join(f"    {_bounded(line)}" for line in lines) or "    (no output)"


def _bounded(line: str) -> str:
    return line if len(line) <= 1000 else f"{line[:500]} … {line[-500:]}"


def log_tail(path: Path) -> str:
    """Return the end of a log with its path above it."""
    text = path.read_text(errors="replace") if path.exists() else ""
    return f"last lines of {path}:\n{last_lines(text)}"


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a file's lock, so that two commands at once do not build or start the same thing twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
