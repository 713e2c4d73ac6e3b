"""The termination message: the last thing that a process says, for the operator to read."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gridfold.api.handoff import TERMINATION_LOG_VARIABLE, PrepareReport, Report, decode_report, encode_report

#: Kubernetes makes this file in every container.
DEFAULT_PATH = Path("/dev/termination-log")


def write_report(report: Report) -> None:
    """Write a report as this process' termination message, whole or, where it is too long, without its extras."""
    text = _fitting(report)
    named = os.environ.get(TERMINATION_LOG_VARIABLE)
    path = Path(named) if named else DEFAULT_PATH
    with contextlib.suppress(OSError):  # a full disk: the exit code still says what it can
        if named or path.exists():
            path.write_text(text, encoding="utf-8")
    with contextlib.suppress(OSError):
        print(text, flush=True)  # noqa: T201 (also where nobody keeps the message: the log has it)


def has_report() -> bool:
    """Tell whether this process, or the one that it supervises, has said its last."""
    path = Path(os.environ.get(TERMINATION_LOG_VARIABLE) or DEFAULT_PATH)
    try:
        return decode_report(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _fitting(report: Report) -> str:
    """Return the message; a prepare report that is too long loses its last warnings, then the list of cached cells.

    Both are only a help: warnings are in the log, and a cell finds its stored result by itself.
    """
    if not isinstance(report, PrepareReport):
        return encode_report(report)
    for lighter in ({}, *_fewer_warnings(report.warnings), {"warnings": [], "cached": ""}):
        try:
            return encode_report(report.model_copy(update=lighter))
        except ValueError:
            continue
    return encode_report(report.model_copy(update={"warnings": [], "cached": "", "infeasible": ""}))


def _fewer_warnings(warnings: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield fewer and fewer whole warnings, and how many are left out: half of an advice is none."""
    for kept in reversed(range(len(warnings))):
        left_out = len(warnings) - kept
        yield {"warnings": [*warnings[:kept], f"{left_out} more in the log of prepare."]}
    yield {"warnings": []}
