"""From completion indexes to cells: what is seen of the pods of a wave, told of each of their cells. Pure.

A pod of several cells tells of each what became of it. Each is then as if it had had a pod of its own; only those that
are not finished share what became of the pod.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TypedDict

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import (
    CELL_EXITS,
    LETTERS,
    REUSED_LETTER,
    UNFINISHED_LETTER,
    CellReport,
    GroupReport,
    Outcome,
    Report,
)
from gridfold.domain.groups import Group, Groups, cells_of
from gridfold.domain.observed import ProcessEnd, Span

_OUTCOMES = {letter: outcome for outcome, letter in LETTERS.items()} | {REUSED_LETTER: Outcome.SUCCEEDED}
NO_ROOM = "results.csv will tell why: the message of its pod, which had many cells, had no room for it"


@dataclass(frozen=True)
class Indexes:
    """What is seen of the pods of a wave, by completion index."""

    succeeded: AbstractSet[int] = frozenset()
    failed: AbstractSet[int] = frozenset()
    running: AbstractSet[int] = frozenset()
    starting: AbstractSet[int] = frozenset()  #: have a pod that neither runs nor has ended
    away: AbstractSet[int] = frozenset()  #: end for want of storage
    ends: Mapping[int, ProcessEnd] = field(default_factory=dict)  #: of the pod that finished last
    told: Mapping[int, ProcessEnd] = field(default_factory=dict)  #: by one that runs, where that can be heard


class CellFacts(TypedDict):
    """The same of its cells, as a Wave has it."""

    succeeded: frozenset[int]
    failed: frozenset[int]
    running: frozenset[int]
    starting: frozenset[int]
    away: frozenset[int]
    ends: Mapping[int, ProcessEnd]


def facts_of_cells(groups: Groups, seen: Indexes) -> CellFacts:
    """Return what is to be told of each cell. What a pod had finished before it failed, or tells of, has succeeded."""
    ends: dict[int, ProcessEnd] = {}
    for index, end in seen.ends.items():
        ends.update(ends_of_cells(groups[index], end))
    told = _ended_meanwhile(groups, seen.told)
    ends |= told
    failed = _cells(groups, seen.failed).union(told)
    finished = {cell for cell in failed if cell in ends and _is_good(ends[cell].report)}
    away = (cell for cell in _cells(groups, seen.away) if cell not in ends or not _has_ended(ends[cell].report))
    return CellFacts(
        succeeded=_cells(groups, seen.succeeded) | finished,
        failed=failed - finished,
        running=_cells(groups, seen.running).difference(told),
        starting=_cells(groups, seen.starting),
        away=frozenset(away),
        ends=ends,
    )


def is_suspect(group: Group, end: ProcessEnd | None) -> bool:
    """Tell whether a cell whose pod failed may have had no part in it: it was not alone, and has no end of its own."""
    return len(group) > 1 and not (end is not None and _has_ended(end.report))


def _ended_meanwhile(groups: Groups, told: Mapping[int, ProcessEnd]) -> dict[int, ProcessEnd]:
    """Return the cells that have ended although their pod runs."""
    ends = (ends_of_cells(groups[index], end) for index, end in told.items())
    return {cell: end for of_group in ends for cell, end in of_group.items() if _has_ended(end.report)}


def _has_ended(report: Report | None) -> bool:
    return isinstance(report, CellReport)


def _is_good(report: Report | None) -> bool:
    return isinstance(report, CellReport) and report.outcome is Outcome.SUCCEEDED


def _cells(groups: Groups, indexes: Iterable[int]) -> frozenset[int]:
    return frozenset(cells_of(groups[index] for index in indexes))


def ends_of_cells(group: Group, end: ProcessEnd) -> Mapping[int, ProcessEnd]:
    """Return of each cell of a group how it ended, by the end of their process."""
    report = end.report
    if len(group) > 1 and isinstance(report, CellReport):
        return dict.fromkeys(group, replace(end, message=""))  # whatever process has said that, it was not this one
    if not isinstance(report, GroupReport) or len(report.ends) != len(group):
        return dict.fromkeys(group, end)
    log = f" Its log: {report.log}" if report.log else ""
    failure = report.failure and report.failure.model_copy(update={"message": report.failure.message + log})
    unfinished = ProcessEnd(end.exit_code, end.reason, "", end.ran, failure)
    told, spans = {one.cell: one for one in report.cells}, _spans(report, end.ran)
    return {
        cell: unfinished if letter == UNFINISHED_LETTER else _ended(_told(cell, letter, told.get(cell), log), span)
        for cell, letter, span in zip(group, report.ends, spans, strict=True)
    }


def _told(cell: int, letter: str, told: CellReport | None, log: str) -> CellReport:
    """Return what is told of a cell that has ended; where there was no room for more, what its letter says."""
    outcome = _OUTCOMES[letter]
    if told is None or told.outcome is not outcome:
        message = "" if outcome is Outcome.SUCCEEDED else NO_ROOM
        told = CellReport(cell=cell, key="", outcome=outcome, reused=letter == REUSED_LETTER, message=message)
    return told.model_copy(update={"message": told.message + log}) if outcome is Outcome.FAILED and log else told


def _ended(told: CellReport, ran: Span | None) -> ProcessEnd:
    code = CELL_EXITS[told.outcome]
    return ProcessEnd(code, "Completed" if code == ExitCode.OK else "Error", "", ran, told)


def _spans(report: GroupReport, ran: Span | None) -> list[Span | None]:
    """Return for each cell when it was computed, as if all that were had taken the same time; None: it was not."""
    computed = [letter not in {REUSED_LETTER, UNFINISHED_LETTER} for letter in report.ends]
    if ran is None or not any(computed):
        return [None] * len(computed)
    # One more was at work when the process was ended.
    step = (ran.end - ran.start) / (sum(computed) + (UNFINISHED_LETTER in report.ends))
    ends = [ran.start + step * number for number in accumulate(computed)]
    return [Span(end - step, end) if is_one else None for end, is_one in zip(ends, computed, strict=True)]
