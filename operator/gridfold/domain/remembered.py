"""What a run remembers of its cells beside its waves, which come and go. Pure.

It stands in the status: which cells have their result, and how much memory those need that ran out of what they had.
Of an earlier grid it is read from its waves, while they are there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gridfold.api.handoff import Stage, decode_cells, encode_cells
from gridfold.api.status import TrainingJobStatus
from gridfold.api.v1alpha1 import Execution, TrainingJobSpec
from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.cell_ends import is_suspect
from gridfold.domain.earlier import numbers_of
from gridfold.domain.ends import cause_of
from gridfold.domain.observed import Wave
from gridfold.domain.stage_needs import memory_of, more_memory
from gridfold.domain.standing import Past, Standing

#: Of which cells have a result: fields of status.prepared, and of a standing.
KNOWN = ("succeeded", "found", "infeasible")


def recall(status: TrainingJobStatus, spec: TrainingJobSpec, total: int, earlier: Iterable[Wave]) -> Past:
    """Return what the status, and waves of earlier grids, know of the cells of this one."""
    prepared, attempt = status.prepared, status.attempt
    needed = [
        (cell, memory)
        for memory, cells in (attempt.memory if attempt else {}).items()
        for cell in decode_cells(cells, total)
    ]
    return Past(
        succeeded=decode_cells(prepared.succeeded, total) if prepared else frozenset(),
        found=decode_cells(prepared.found, total) if prepared else frozenset(),
        first_wave=attempt.first_wave if attempt else 0,
        needed=_most([*needed, *_needs(earlier, spec)], spec.execution),
    )


def remember(status: TrainingJobStatus, standing: Standing) -> dict[str, Any]:
    """Return the fields of the status with what is known of the cells now."""
    fields: dict[str, Any] = {}
    if status.prepared is not None:
        known = {name: encode_cells(getattr(standing, name), standing.total) for name in KNOWN}
        fields["prepared"] = status.prepared.model_copy(update=known)
    if status.attempt is not None:
        open_cells = standing.unfinished | standing.failed.keys()
        needed: dict[str, list[int]] = {}
        for cell in sorted(open_cells & standing.needed.keys()):
            needed.setdefault(standing.needed[cell], []).append(cell)
        memory = {memory: encode_cells(cells, standing.total) for memory, cells in needed.items()}
        fields["attempt"] = status.attempt.model_copy(update={"memory": memory})
    return fields


def _needs(waves: Iterable[Wave], spec: TrainingJobSpec) -> Iterable[tuple[int, str]]:
    """Yield the present numbers of cells of earlier grids that need more memory, and how much."""
    base = amount(memory_of(spec.execution, Stage.CELL) or "0")
    for wave in waves:
        numbers = numbers_of(wave, spec) if wave.memory else None
        if numbers is None:
            continue
        more = more_memory(spec.execution, Stage.CELL, wave.memory) or wave.memory
        for cell, group in ((cell, together) for together in wave.groups for cell in together):
            number, end = numbers[cell], wave.ends.get(cell)
            if number is None:
                continue
            if cell in wave.failed and not is_suspect(group, end) and cause_of(end, spec).out_of_memory:
                yield number, more
            elif amount(wave.memory) > base:
                yield number, wave.memory


def _most(needs: Iterable[tuple[int, str]], execution: Execution) -> Mapping[int, str]:
    """Return the most that each cell needs, as far as it may have it, where that is more than the spec says."""
    policy, base = execution.out_of_memory, amount(memory_of(execution, Stage.CELL) or "0")
    found: dict[int, str] = {}
    if policy is None:
        return found
    for cell, memory in needs:
        allowed = min(memory, policy.max_memory, key=amount)
        if amount(allowed) > max(base, amount(found.get(cell, "0"))):
            found[cell] = allowed
    return found
