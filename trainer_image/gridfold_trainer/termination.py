"""The termination message: the last thing that a process says, for the operator to read."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gridfold.api.confidential import without_secrets
from gridfold.api.handoff import (
    TERMINATION_LOG_VARIABLE,
    UNFINISHED_LETTER,
    CellReport,
    FailureReport,
    GroupReport,
    PrepareReport,
    Report,
    decode_report,
    encode_report,
    with_failure,
)
from gridfold.domain.visible import visible

#: Kubernetes makes this file in every container.
DEFAULT_PATH = Path("/dev/termination-log")


def write_report(report: Report) -> None:
    """Write a report as this process' termination message, whole or, where it is too long, without its extras."""
    text = _fitting(_beside_cells(report))
    _leave(text)
    with contextlib.suppress(OSError):
        print(visible(text), flush=True)  # noqa: T201 (also where nobody keeps the message: the log has it)


def leave_note(report: FailureReport | CellReport | GroupReport | None) -> None:
    """Leave word, for the case that this process is ended from outside now; None takes a failure back."""
    said = found_report()
    if report is None and isinstance(said, GroupReport):
        report = said.model_copy(update={"failure": None})
    _leave("" if report is None else encode_report(_beside_cells(report)))


def _beside_cells(report: Report) -> Report:
    """Return a failure beside what was said before of the cells of this process, if it has several."""
    if not isinstance(report, FailureReport):
        return report
    sayable = report.model_copy(update={"message": without_secrets(report.message)})
    return with_failure(found_report(), sayable)


def has_said_all() -> bool:
    """Tell whether this process, or the one that it supervises, has said how it ended."""
    said = found_report()
    if isinstance(said, GroupReport):
        return said.failure is not None or UNFINISHED_LETTER not in said.ends
    return said is not None


def found_report() -> Report | None:
    """Return what this process, or the one that it supervises, has said last."""
    try:
        return decode_report(_path().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _path() -> Path:
    return Path(os.environ.get(TERMINATION_LOG_VARIABLE) or DEFAULT_PATH)


def _leave(text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk: the exit code still says what it can
        if os.environ.get(TERMINATION_LOG_VARIABLE) or DEFAULT_PATH.exists():
            _path().write_text(text, encoding="utf-8")


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
