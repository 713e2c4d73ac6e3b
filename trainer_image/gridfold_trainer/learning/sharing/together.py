"""Cross-validation of cells that share work: walks the tree of `plan`, and gives each cell what it has when alone."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gridfold_trainer.learning.evaluate import Evaluation, Splits, Warned, add_split, timed
from gridfold_trainer.learning.responses import Responses, answers, equal
from gridfold_trainer.learning.scorers import Scorer
from gridfold_trainer.learning.sharing.bins import shares_bins
from gridfold_trainer.learning.sharing.folds import Fold, make_fold, rows_of
from gridfold_trainer.learning.sharing.plan import Described, Fit, Transform, plan
from gridfold_trainer.learning.sharing.rules import PROVEN, Rule
from gridfold_trainer.learning.training import TrainingRows

log = logging.getLogger("gridfold")

#: Prepared rows of all splits are kept up to this size, so that cells end one after the other; else of one at a time.
KEPT_BYTES = 64 * 1024 * 1024
PREPARATION, FIT = "preparation", "fit"


@dataclass(frozen=True)
class Candidate:
    """A cell to evaluate."""

    described: Described
    pipeline: Any  #: unfitted
    begun: Evaluation | None = None  #: its first splits, where an earlier process has them


@dataclass
class Task:
    """Everything that the cells have in common."""

    training: TrainingRows
    splits: Splits
    scorer: Scorer
    begin: Callable[[], None] = lambda: None  #: called before each fit or row of fits
    keep: Callable[[int, Evaluation], None] = lambda *_: None  #: called when a cell has another split
    rules: Mapping[str, Rule | None] | None = None  #: in the place of the registry's
    checked: bool | None = None  #: whether a cut is compared with a fit first; None: with versions that are not proven
    wrong: set[Rule] = field(default_factory=set)  #: rules that have failed the comparison


def evaluate_together(cells: Sequence[Candidate], task: Task) -> Iterator[tuple[int, Evaluation]]:
    """Yield (number of a cell, evaluation), each as soon as it is complete.

    Scores, outcome and message of a cell are those that it has when it is evaluated alone, bit for bit. Its times are
    what it would be charged with then: of shared preparation all, of a longer fit its own part.

    Raises:
        MemoryError: passed on; more memory can help, so it is no property of a cell.
    """
    if task.checked is None:
        import sklearn

        task.checked = sklearn.__version__ not in PROVEN
    for step in plan([cell.described for cell in cells], task.rules):
        yield from _Walk(cells, task, step).run()


class _Walk:
    """The walk through what hangs on one preparation."""

    def __init__(self, cells: Sequence[Candidate], task: Task, step: Transform) -> None:
        self._task, self._step = task, step
        self._pipelines = {number: cells[number].pipeline for number in step.members}
        self._parameters = {number: cells[number].described.parameters for number in step.members}
        self._evaluations = {
            number: cells[number].begun or Evaluation(task.training.classes) for number in step.members
        }
        self._kept: dict[int, Fold | None] = {}
        self._keeps = False

    def run(self) -> Iterator[tuple[int, Evaluation]]:
        """Yield each evaluation with its last split: fit by fit where all prepared rows are kept, else by split."""
        fits, splits = self._step.fits, range(len(self._task.splits))
        self._keeps = len(fits) > 1 and self._is_small()
        if self._keeps or len(fits) == 1:
            for fit in fits:
                self._task.begin()
                for split in splits:
                    if self._lacking(fit, split):
                        self._add(fit, split, self._fold(split))
                yield from ((number, self._evaluations[number]) for number in fit.members)
            return
        for split in splits:
            lacking = [fit for fit in fits if self._lacking(fit, split)]
            fold = self._fold(split) if lacking else None
            for fit in lacking:
                self._task.begin()
                self._add(fit, split, fold)
                if split == splits[-1]:
                    yield from ((number, self._evaluations[number]) for number in fit.members)

    def _lacking(self, fit: Fit, split: int) -> list[int]:
        """Return the cells of a fit that a split is to be added to: not all where some were begun before."""
        return [number for number in fit.members if len(self._evaluations[number].scores) == split]

    def _is_small(self) -> bool:
        """Tell whether the prepared rows of all splits may be kept; those of the first are, for now."""
        first = self._kept[0] = self._fold(0)
        return first is None or first.nbytes * len(self._task.splits) <= KEPT_BYTES

    def _fold(self, split: int) -> Fold | None:
        """Return the rows of a split, prepared; None: each cell has to see to it alone, as one does that is alone."""
        if split in self._kept:
            return self._kept[split] if self._keeps else self._kept.pop(split)
        prepared = None
        if len(self._pipelines) > 1:
            steps = self._pipelines[self._step.members[0]].steps[:-1]
            prepared = make_fold(steps[0][1] if steps else None, self._task.training, self._task.splits[split])
        if self._keeps:
            self._kept[split] = prepared
        return prepared

    def _add(self, fit: Fit, split: int, fold: Fold | None) -> None:
        """Add a split to all cells of a fit that lack it."""
        lacking = self._lacking(fit, split)
        for number in lacking:
            evaluation = self._evaluations[number]
            if evaluation.refused:
                evaluation.add_failure(evaluation.errors[0])
        self._add_accepted(fit, split, fold)
        if split + 1 < len(self._task.splits):
            for number in lacking:
                self._task.keep(number, self._evaluations[number])

    def _add_accepted(self, fit: Fit, split: int, fold: Fold | None) -> None:
        members = self._lacking(fit, split)
        if fold is None:
            for number in members:
                self._begin(fit)
                self._alone(number, split)
            return
        for number in self._left_by_rule(fit.rule, members, split, fold):
            self._begin(fit)
            self._fitted(number, split, fold)

    def _begin(self, fit: Fit) -> None:
        """Say that the time of a cell begins which one fit was to serve, and which needs one of its own."""
        if len(fit.members) > 1:
            self._task.begin()

    def _left_by_rule(self, rule: Rule | None, members: Sequence[int], split: int, fold: Fold) -> Sequence[int]:
        """Score what one fit serves, and return the cells that need a fit of their own."""
        if rule is None or len(members) == 1 or rule in self._task.wrong:
            return members
        longest = members[0]
        done = _fit(self._pipelines[longest].steps[-1][1], fold)
        if done is None:
            return members
        if done.warned:  # a shorter fit may have no reason to warn
            self._score(longest, split, fold, done)
            return members[1:]
        left = []
        for number in members:
            cut = _Fitted(done.model, done.seconds, ()) if number == longest else self._cut(rule, number, done, fold)
            if cut is None:
                left.append(number)
            else:
                self._score(number, split, fold, cut, (FIT,))
        return left

    def _cut(self, rule: Rule, number: int, done: "_Fitted", fold: Fold) -> "_Fitted | None":
        """Return the model of a cell, cut from that of a longer fit; None: it has to be fitted."""
        if rule in self._task.wrong:
            return None
        try:
            cut = rule.cut(done.model, self._parameters[number])
        except MemoryError:
            raise
        except Exception:  # another version may name things otherwise
            cut = None
        if cut is None or (self._task.checked and not self._is_right(rule, number, cut.model, fold)):
            return None
        return _Fitted(cut.model, done.seconds * cut.charged, ())

    def _is_right(self, rule: Rule, number: int, model: Any, fold: Fold) -> bool:
        """Tell whether a cut model says what one says that was fitted alone; if not, its rule is of no use here."""
        alone = _fit(self._pipelines[number].steps[-1][1], fold)
        theirs = {} if alone is None else answers(alone.model, fold.own_test())
        mine = answers(model, fold.own_test())
        if theirs and theirs.keys() == mine.keys() and all(equal(mine[name], theirs[name]) for name in theirs):
            self._task.checked = False
            return True
        log.warning("cells do not share fits along %s: a shorter fit differs here", " and ".join(rule.axes))
        self._task.wrong.add(rule)
        return False

    def _fitted(self, number: int, split: int, fold: Fold) -> None:
        """Add a split to a cell by a fit of its own on rows that are prepared."""
        done = _fit(self._pipelines[number].steps[-1][1], fold)
        if done is None:
            self._alone(number, split)
        else:
            self._score(number, split, fold, done)

    def _score(self, number: int, split: int, fold: Fold, done: "_Fitted", shared: tuple[str, ...] = ()) -> None:
        """Add a split to a cell by a model."""
        scorer, evaluation = self._task.scorer, self._evaluations[number]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                asked = Responses.of_transformed(done.model, fold.own_test())
                scores, seconds = timed(lambda: scorer.scores(fold.y_test, asked))
            except MemoryError:
                raise
            except (Exception, SystemExit):  # what a cell raises has the words of its own fit
                scores = None
        if scores is None:
            self._alone(number, split)
            return
        known = scorer.train_scores(asked.on, fold.own_train) if scorer.train else None
        heard = scorer.heard(fold.y_test, asked, fold.own_train) if scorer.heard else None
        evaluation.add_scores(scores, fold.fit_seconds + done.seconds, fold.transform_seconds + seconds, known, heard)
        evaluation.add_warnings([*fold.fit_warnings, *done.warned, *fold.transform_warnings, *caught])
        prepared = (PREPARATION,) if len(self._step.members) > 1 and fold.fit_seconds else ()
        evaluation.shared = tuple(dict.fromkeys((*evaluation.shared, *prepared, *shared)))

    def _alone(self, number: int, split: int) -> None:
        """Add a split to a cell as if there were no other."""
        training, (train, test) = self._task.training, self._task.splits[split]
        own, held_back = partial(rows_of, training, train), rows_of(training, test)
        add_split(self._evaluations[number], self._pipelines[number], own, held_back, self._task.scorer)


@dataclass(frozen=True)
class _Fitted:
    """A model, what its cell is charged with, and what was warned of."""

    model: Any
    seconds: float
    warned: Warned


def _fit(estimator: Any, fold: Fold) -> _Fitted | None:
    """Return a fitted clone of an estimator, None where the fit raises."""
    from sklearn.base import clone

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X, y = fold.own_train()
        try:
            if shares_bins(estimator):
                (model, spared), seconds = timed(lambda: fold.bins.fit(clone(estimator), X, y))
            else:
                (model, seconds), spared = timed(lambda: clone(estimator).fit(X, y)), 0.0
        except MemoryError:
            raise
        except (Exception, SystemExit):
            return None
    return _Fitted(model, seconds + spared, caught)
