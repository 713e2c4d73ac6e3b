"""What trainers do in a simulated world, and the object store that they share. Scores follow from parameters alone."""

from collections import Counter
from dataclasses import dataclass, field

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import (
    CELL_EXITS,
    LETTERS,
    UNFINISHED_LETTER,
    CellReport,
    FailureReport,
    GroupReport,
    Outcome,
    PreparedRun,
    PrepareReport,
    RankedReport,
    RefitReport,
    Report,
    StageInput,
    decode_cells,
    encode_cells,
    encode_report,
)
from gridfold.api.status import DatasetStatus, Resolved
from gridfold.domain.grid import Grid, cell_count
from gridfold.domain.groups import Group, Groups, parse_groups
from gridfold.domain.keys import CellKeys
from gridfold.domain.observed import ProcessEnd

#: Values of the axis C that do not end well: refused before the search, refused by the cell itself, fit raises.
REFUSED, INFEASIBLE, FAILING = 666.0, 13.0, 7.0
RESOLVED = Resolved(objective="f1", metrics=["f1"], split="Stratified", cross_validation="Stratified")
PREPARED = PreparedRun(digest="d" * 64, environment="e" * 64, resolved=RESOLVED, split_digest="s" * 64)
OUTCOMES = {INFEASIBLE: Outcome.INFEASIBLE, FAILING: Outcome.FAILED}
CORRUPT = FailureReport(reason="PreparedCorrupt", message="X.npy has the BLAKE3 digest a; expected b.")
AWAY = FailureReport(reason="StorageUnavailable", message="s3.example does not answer")


@dataclass(frozen=True)
class Cells:
    """The cells of a spec: their keys, and what the fixed world says of each."""

    keys: tuple[str, ...]
    values: tuple[float, ...]

    def outcome(self, cell: int) -> Outcome:
        return OUTCOMES.get(self.values[cell], Outcome.SUCCEEDED)

    def scores(self, cell: int) -> dict[str, tuple[float | None, float | None]]:
        value = self.values[cell]
        return {"f1": (round(value % 1.0, 6), 0.01)} if self.outcome(cell) is Outcome.SUCCEEDED else {}

    @property
    def refused(self) -> frozenset[int]:
        return frozenset(cell for cell, value in enumerate(self.values) if value == REFUSED)


def _exit(exit_code: int, report: Report) -> ProcessEnd:
    return ProcessEnd(exit_code, "Completed" if exit_code == 0 else "Error", encode_report(report))


@dataclass
class Store:
    """The object store, and what has been computed for it."""

    results: set[str] = field(default_factory=set)  #: keys of cells with a valid result
    computed: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)  #: how often a result was damaged or removed
    away: bool = False
    damaged: bool = False  #: whether the prepared data is
    _cells: dict[int, Cells] = field(default_factory=dict)

    def cells(self, told: StageInput) -> Cells:
        """Return the cells of a spec (specs live as long as the world)."""
        if id(told.spec) not in self._cells:
            grid, keys = Grid.of(told.spec.search.grid), CellKeys(told.spec, PREPARED)
            points = [grid[cell] for cell in range(cell_count(told.spec.search))]
            values = tuple(float(str(point["C"])) for point in points)
            self._cells[id(told.spec)] = Cells(tuple(map(keys.key, points)), values)
        return self._cells[id(told.spec)]

    def lose(self, key: str) -> None:
        if key in self.results:
            self.results.remove(key)
            self.lost[key] += 1

    # ── the three stages ─────────────────────────────────────────────────────────────────────────────────────────

    def prepare(self, told: StageInput) -> ProcessEnd:
        if self.away:
            return _exit(ExitCode.STORAGE, AWAY)
        self.damaged = False
        cells = self.cells(told)
        cached = {cell for cell, key in enumerate(cells.keys) if key in self.results}
        total = len(cells.keys)
        report = PrepareReport(
            digest=PREPARED.digest,
            environment=PREPARED.environment,
            dataset=DatasetStatus(rows=100, columns=4, digest=PREPARED.digest, split_digest=PREPARED.split_digest),
            resolved=RESOLVED,
            total=total,
            cached=encode_cells(cached, total),
            infeasible=encode_cells(cells.refused - cached, total),
        )
        return _exit(0, report)

    def fit(self, told: StageInput, cell: int) -> None:
        """Compute a cell and store its result, unless it is there."""
        key = self.cells(told).keys[cell]
        if not self.away and not self.damaged and key not in self.results:
            self.results.add(key)
            self.computed[key] += 1

    def group(self, told: StageInput, group: Group) -> ProcessEnd:
        """Return how the process of a group of cells ends that was not ended by anybody."""
        cells = self.cells(told)
        if self.away:
            return _exit(ExitCode.STORAGE, self.said(told, group, AWAY))
        if self.damaged and not self.results.issuperset(cells.keys[cell] for cell in group):
            return _exit(ExitCode.DATA, self.said(told, group, CORRUPT))
        for cell in group:
            self.fit(told, cell)
        report = self.said(told, group)
        return _exit(CELL_EXITS[report.outcome], report)  # type: ignore[union-attr]

    def fit_next(self, told: StageInput, group: Group) -> None:
        """Compute the first cell of a group that has no result."""
        keys = self.cells(told).keys
        for cell in [cell for cell in group if keys[cell] not in self.results][:1]:
            self.fit(told, cell)

    def said(self, told: StageInput, group: Group, failure: FailureReport | None = None) -> Report:
        """Return what the process of a group has said of its cells; a third of them has no room for scores."""
        cells = self.cells(told)
        done = {cell: self._report(cells, cell) for cell in group if cells.keys[cell] in self.results}
        if len(group) == 1:
            return failure or done[group[0]]
        ends = "".join(LETTERS[done[cell].outcome] if cell in done else UNFINISHED_LETTER for cell in group)
        return GroupReport(ends=ends, cells=[one for one in done.values() if one.cell % 3], failure=failure)

    def _report(self, cells: Cells, cell: int) -> CellReport:
        outcome, scores = cells.outcome(cell), cells.scores(cell)
        return CellReport(cell=cell, key=cells.keys[cell], outcome=outcome, scores=scores, message="as it is")

    def refit(self, told: StageInput) -> ProcessEnd:
        if self.away:
            return _exit(ExitCode.STORAGE, AWAY)
        if self.damaged:
            return _exit(ExitCode.DATA, CORRUPT)
        cells, failed = self.cells(told), {found.cell for found in told.failed}
        stored = [cell for cell, key in enumerate(cells.keys) if key in self.results]
        missing = set(range(len(cells.keys))) - set(stored) - failed - cells.refused
        if missing:
            message = f"cells {sorted(missing)} have no valid result; retry the job, which computes them again"
            return _exit(ExitCode.DATA, FailureReport(reason="ResultsMissing", message=message))
        good = [cell for cell in stored if cells.outcome(cell) is Outcome.SUCCEEDED]
        ranked = sorted(good, key=lambda cell: (-(cells.scores(cell)["f1"][0] or 0.0), cell))
        refused = sum(cells.outcome(cell) is Outcome.INFEASIBLE for cell in stored) + len(cells.refused - set(stored))
        report = RefitReport(
            best=ranked[0] if ranked else None,
            leaderboard=[RankedReport(cell=cell, scores=cells.scores(cell)) for cell in ranked[:10]],
            validation={"f1": 0.75} if ranked else {},
            succeeded=len(good),
            infeasible=refused,
            failed=len(cells.keys) - len(good) - refused,
            results_uri="s3://models/job/runs/1-abc/",
            results_sha256="f" * 64,
        )
        return _exit(0, report)


def known_results(status_cells: str, total: int) -> frozenset[int]:
    """Return the cells of a bitmap."""
    return decode_cells(status_cells, total)


def groups_of(told: StageInput) -> Groups:
    """Return the groups of a wave, in the order of its completion indexes."""
    return parse_groups(told.cells)
