"""The search: cells go out in waves until every cell has its result, or too many have failed."""

from collections.abc import Mapping, Sequence

from gridfold.api.conditions import Reason
from gridfold.api.handoff import decode_cells
from gridfold.api.status import PreparedStatus
from gridfold.domain.earlier import Draining, draining_waves
from gridfold.domain.grid import Grid
from gridfold.domain.groups import Group, format_groups, plan_groups
from gridfold.domain.leaderboard import live_leaderboard
from gridfold.domain.packing import pack
from gridfold.domain.plan import Action, Delete, StartWave
from gridfold.domain.preparing import repair
from gridfold.domain.refitting import refit
from gridfold.domain.run import Run, end_waves
from gridfold.domain.standing import Standing, stand
from gridfold.domain.waves import WavePlan, plan_waves
from gridfold.domain.words import counted


def show_standing(run: Run, prepared: PreparedStatus, earlier: Sequence[Draining] = ()) -> Standing:
    """Return where every cell stands, and show it."""
    waves = (*(old.wave for old in earlier), *run.children.waves)
    standing = stand(
        run.total,
        decode_cells(prepared.cached, run.total),
        decode_cells(prepared.infeasible, run.total),
        waves,
        run.spec,
        run.status.past(run.spec, run.total, run.earlier),
    )
    # A pod speaks up to a second before its Job counts it: best and progress change together.
    reports = (report for cell, report in standing.reports.items() if cell in standing.succeeded)
    board = live_leaderboard(run.status.leaderboard, reports, run.status.objective, Grid.of(run.spec.search.grid))
    run.status.show_cells(standing, board, waves)
    return standing


def search(run: Run, prepared: PreparedStatus) -> tuple[Action, ...]:
    """Return what brings the search a step further, and refit after it."""
    # Another image may have other versions, under which the same cell is another one.
    earlier = draining_waves([wave for wave in run.earlier if wave.image == run.image], run.spec)
    of_use = {old.wave.name for old in earlier}
    replaced = tuple(Delete(wave.name, wave.uid) for wave in run.earlier if wave.name not in of_use)
    return (*replaced, *_search(run, prepared, earlier))


def _search(run: Run, prepared: PreparedStatus, earlier: Sequence[Draining]) -> tuple[Action, ...]:
    standing = show_standing(run, prepared, earlier)
    limit = run.spec.execution.max_failed_cells
    limit = max(10, -(-run.total // 10)) if limit is None else limit
    if len(standing.failed) > limit:
        return _too_many_failures(run, standing, limit)
    if standing.damaged and not prepared.again:
        cell, message = min(standing.damaged.items())
        actions = repair(run, f"cell {cell} found it damaged: {message}")
        if actions is not None:
            return actions
    if standing.unfinished or earlier or any(wave.draining for wave in run.children.waves):
        run.status.searching(run.children.waves, standing)
        return _wave_actions(run, standing, earlier)
    return refit(run, standing, prepared)


def _too_many_failures(run: Run, standing: Standing, limit: int) -> tuple[Action, ...]:
    first = min(standing.failed.values(), key=lambda failed: failed.cell)
    run.status.fail(
        Reason.TOO_MANY_FAILED_CELLS,
        f"{counted(len(standing.failed), 'cell')} failed, spec.execution.maxFailedCells allows {limit}; the first is "
        f"cell {first.cell} ({first.reason}): {first.message}. Results of the other cells are kept.",
    )
    return end_waves(run)


def _wave_actions(run: Run, standing: Standing, earlier: Sequence[Draining]) -> tuple[Action, ...]:
    parallelism = run.spec.execution.parallelism
    plan = plan_waves(run.children.waves, earlier, standing.unfinished, parallelism, standing.needed)
    return (*plan.actions, *(_start(run, plan, standing.suspects) if plan.cells else ()))


def _start(run: Run, plan: WavePlan, suspects: Mapping[int, Group]) -> tuple[Action, ...]:
    number = run.next_wave
    groups = plan_groups(plan.cells, suspects, lambda cells: pack(run.spec, cells, run.children.waves))
    if not groups:
        return ()
    stage_input = run.input(run.status.prepared_run()).model_copy(update={"cells": format_groups(groups)})
    name = run.name(f"w{number}")
    return (StartWave(name, number, groups, plan.parallelism, stage_input, plan.memory, run.image),)
