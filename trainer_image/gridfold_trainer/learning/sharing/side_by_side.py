"""Cross-validation of cells with their splits side by side: each process is forked from this one and has some splits.

Cells are fewer than cores at the end of a search, and from its beginning where the grid is small. A split's numbers do
not depend on who computes it, nor on when: the processes send them, and they are put together in the order of the
splits, as when one process computes all.
"""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn, cast

from gridfold_trainer.learning.evaluate import Evaluation
from gridfold_trainer.learning.sharing.plan import plan
from gridfold_trainer.learning.sharing.together import Candidate, Task, evaluate_together
from gridfold_trainer.supervisor import die_after_parent


def evaluate_side_by_side(cells: Sequence[Candidate], task: Task, processes: int) -> Iterator[tuple[int, Evaluation]]:
    """Yield (number of a cell, evaluation) as `evaluate_together` does, computed by so many processes at a time.

    Cells that one fit serves are computed together, all others one after the other, so that the time of each begins
    when its first split does; each process prepares the rows of its splits itself, and needs room for them. A process
    that is killed, or that ends itself, takes this one with it, as the fit would have done here. What the scorer's
    listener hears is heard there alone.

    Raises:
        MemoryError: of a process, passed on; more memory can help.
    """
    if processes == 1:
        yield from evaluate_together(cells, task)
        return
    for step in plan([cell.described for cell in cells], task.rules):
        for fit in step.fits:
            yield from _evaluate_row({number: cells[number] for number in fit.members}, task, processes)


def _evaluate_row(row: Mapping[int, Candidate], task: Task, processes: int) -> Iterator[tuple[int, Evaluation]]:
    """Yield (number, evaluation) of cells that one fit serves, or of a single one."""
    merged = {number: cell.begun or Evaluation(task.training.classes) for number, cell in row.items()}
    missing = range(min(len(one.scores) for one in merged.values()), len(task.splits))
    lacking = {split: [number for number, one in merged.items() if len(one.scores) <= split] for split in missing}
    shares = [missing[first::processes] for first in range(min(processes, len(missing)))]
    early: dict[tuple[int, int], Evaluation] = {}
    task.begin()
    with _processes([(row, task, {split: lacking[split] for split in share}) for share in shares]) as answers:
        for number, split, evaluation in answers:
            early[number, split] = evaluation
            whole = merged[number]
            while (found := early.pop((number, len(whole.scores)), None)) is not None:
                whole.extend(found)
                if len(whole.scores) < len(task.splits):
                    task.keep(number, whole)
                else:
                    yield number, whole


def _compute(
    answers: Connection, row: Mapping[int, Candidate], task: Task, lacking: Mapping[int, Sequence[int]]
) -> None:
    """Send (number of a cell, split, its evaluation on that split alone) for some splits; last None, or what it raised.

    A fit that fails is a value; what is raised is a defect, or there was no room.
    """
    import numpy as np

    np.random.seed()  # random_state=None uses it: no two processes may draw the same
    try:
        for split, numbers in lacking.items():
            alone = replace(task, splits=[task.splits[split]], begin=_but_first(task.begin), keep=lambda *_: None)
            fresh = [replace(row[number], begun=None) for number in numbers]
            for place, evaluation in evaluate_together(fresh, alone):
                answers.send((numbers[place], split, evaluation))
        answers.send(None)
    except MemoryError:
        answers.send(MemoryError())
    except Exception as error:
        answers.send(RuntimeError("".join(traceback.format_exception(error))))


def _but_first(begin: Callable[[], None]) -> Callable[[], None]:
    """Return a function that calls `begin` from its second call on: the time of the row has begun with all its splits.

    What follows are cells which one fit was to serve, and which need one of their own.
    """
    calls = count()
    return lambda: begin() if next(calls) else None


def _be_child(parent: int, answers: Connection, others: Sequence[Connection], work: tuple[Any, ...]) -> None:
    die_after_parent(parent, signal.SIGKILL)
    for other in others:
        other.close()
    _compute(answers, *work)


@contextmanager
def _processes(works: Sequence[tuple[Any, ...]]) -> Iterator[Iterator[tuple[int, int, Evaluation]]]:
    """Start a process for each share of the work and give what they send, as it comes; none is left afterwards."""
    context, running = multiprocessing.get_context("fork"), dict[Connection, BaseProcess]()
    try:
        for work in works:
            receiving, sending = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(
                target=_be_child, args=(os.getpid(), sending, [*running, receiving], work)
            )
            process.start()
            sending.close()
            running[receiving] = process
        yield _received(running)
    finally:
        for receiving, process in running.items():
            process.kill()
            process.join()
            receiving.close()


def _received(running: dict[Connection, BaseProcess]) -> Iterator[tuple[int, int, Evaluation]]:
    """Yield what the processes send until all have ended; one that ended in any other way ends this one alike."""
    left = set(running)
    while left:
        for receiving in cast("list[Connection]", wait(list(left))):
            try:
                answer = receiving.recv()
            except EOFError:
                _end_as(running[receiving])
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                left.discard(receiving)
            else:
                yield answer


def _end_as(process: BaseProcess) -> NoReturn:
    """End this process as one of its processes did that was killed, or that left by itself."""
    process.join()
    code = process.exitcode or 1
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)
