"""The winner on parts of each fold's rows: whether more rows would help.

Refit computes it, not a wave of its own: a wave would need another pod for each part, and another round of waiting. At
10, 25 and 50 per cent of 5,000 rows it took 1.0 (SVC) to 4.6 (nearest neighbours) passes of the winner's folds, more
than the fits alone: each is asked about all rows that its fold holds back, and about its own. The last point, all
rows, is no fit at all: it is the winner's stored folds, and its training scores come from the fits that check them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.handoff import StageInput
from gridfold.api.learning import WHOLE
from gridfold.domain.learning_curve import Point, curve_document
from gridfold_trainer.after_prepare import objective_of, prepared_run
from gridfold_trainer.cells.cell import Cell
from gridfold_trainer.cells.judging import evaluate_on, provenance
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.row_parts import Splits, keeps_groups, parts_of
from gridfold_trainer.learning.scorers import Rows, Scorer, Values, by_metric, make_scorer
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome.collect import Row
from gridfold_trainer.outcome.curve_points import REASON_CHARACTERS, CurvePart, load_part, part_key, save_part
from gridfold_trainer.storage.context import Context


@dataclass(frozen=True)
class Curve:
    """What a job asks for, and the rows that it is about."""

    job: StageInput
    training: TrainingRows
    splits: Splits
    scorer: Scorer

    @classmethod
    def asked(cls, job: StageInput, training: TrainingRows) -> "Curve | None":
        """Return the curve of a job, None where its spec asks for none."""
        if job.spec.learning_curve is None:
            return None
        resolved = prepared_run(job).resolved
        splits = make_splits(training.y, job.spec.cross_validation, resolved, training.orders)
        return cls(job, training, splits, make_scorer(resolved, training.classes, training.positive))

    def train_scores(self, responses: Responses, own: Callable[[], Rows]) -> Values:
        """Score a split's fit on the rows that it was fitted on; it raises nothing but MemoryError."""
        return self.scorer.train_scores(responses.on, own)

    def document(self, best: Row, whole: Sequence[Values | None], context: Context) -> Mapping[str, Any]:
        """Return the document of status.json; each part that is computed is stored before the next begins.

        `whole` are the training scores of the fits that check the winner's folds.
        """
        asked, objective = self.job.spec.learning_curve, objective_of(self.job)
        fractions = asked.fractions if asked else []
        points = [self._point(best.cell, fraction, objective, context) for fraction in fractions if fraction < WHOLE]
        points.append(self._last(best, whole, objective))
        share = sum(len(test) for _, test in self.splits) / sum(len(train) for train, _ in self.splits)
        unit = "groups" if keeps_groups(prepared_run(self.job).resolved.cross_validation) else "rows"
        return curve_document(points, objective, share, unit)

    def _last(self, best: Row, whole: Sequence[Values | None], objective: str) -> Point:
        """Return all rows: the winner's stored folds. What was not heard of every fold is told of none."""
        scores = best.result.scores[objective] if best.result else []
        heard = [values[objective] for values in whole if values is not None]
        rows = [len(train) for train, _ in self.splits]
        return Point(WHOLE, rows, scores, heard if len(heard) == len(self.splits) else [])

    def _point(self, cell: Cell, fraction: int, objective: str, context: Context) -> Point:
        cache_uri, key = self.job.spec.cache_uri, part_key(cell.key, fraction)
        part = load_part(context, cache_uri, key, len(self.splits))
        if part is None:
            part = self._computed(cell, fraction, key)
            save_part(context, cache_uri, part)
        return Point(fraction, part.rows, part.scores[objective], part.train_scores[objective], part.reason)

    def _computed(self, cell: Cell, fraction: int, key: str) -> CurvePart:
        training, folds = self.training, self.job.spec.cross_validation
        method = prepared_run(self.job).resolved.cross_validation
        splits = parts_of(self.splits, fraction, training.y, method, folds.seed, training.orders)
        scores: list[Values | None] = []
        train_scores: list[Values | None] = []
        problems: list[str] = []
        scorer = self.scorer.listening(lambda _, responses, own: self.train_scores(responses, own))
        for split in splits:  # one by one, to tell of each why it has no score
            evaluation = evaluate_on(cell, training, [split], scorer)
            scores += evaluation.scores
            train_scores += evaluation.heard
            problems += _problems(evaluation.errors, evaluation.unmeasured)
        return CurvePart(
            key=key,
            cell=cell.key,
            fraction=fraction,
            rows=[len(train) for train, _ in splits],
            scores=by_metric(scores, self.scorer.metrics),
            train_scores=by_metric(train_scores, self.scorer.metrics),
            reason=_reason(problems, len(splits)),
            recorded=provenance(self.job),
        )


def _problems(errors: Sequence[Any], unmeasured: Mapping[str, Sequence[str]]) -> list[str]:
    """Return why a split has no score, or lacks one of a metric; [] where it has all."""
    if errors:
        return [f"{errors[0].kind}: {errors[0].message}"]
    return [f"{metric} has no value: {causes[0]}" for metric, causes in unmeasured.items()][:1]


def _reason(problems: Sequence[str], splits: int) -> str:
    if not problems:
        return ""
    return f"{len(problems)} of {splits} folds: {' '.join(problems[0].split())}"[:REASON_CHARACTERS]
