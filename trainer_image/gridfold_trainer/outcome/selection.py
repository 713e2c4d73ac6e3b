"""How far the choice of the winner can be trusted: the record of all cells, put to `gridfold.domain.numbers`."""

from collections.abc import Iterator, Mapping
from typing import Any

from gridfold.api.handoff import StageInput
from gridfold.api.selection import SelectionStatus
from gridfold.domain.baselines import baseline_document
from gridfold.domain.numbers.judged import is_number
from gridfold.domain.numbers.summary import Question, selection_document
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.learning.value_bounds import bounds_of
from gridfold_trainer.outcome.baselines import best_dummy, defaults
from gridfold_trainer.outcome.collect import Record
from gridfold_trainer.storage.context import Context

Selection = Mapping[str, Any]


def selection(job: StageInput, record: Record, training: TrainingRows, context: Context) -> Selection | None:
    """Return the document of status.json, None where no cell has won."""
    if record.winner is None:
        return None
    spec, cls = job.spec, estimators.load_class(job.spec.estimator.class_name)
    splits = make_splits(training.y, spec.cross_validation, prepared_run(job).resolved, training.orders)
    won = record.rows[record.winner].chosen
    question = Question(
        test_share=sum(len(test) for _, test in splits) / sum(len(train) for train, _ in splits),
        repeats=spec.cross_validation.repeats,
        choice=record.choice,
        bounds={name: bounds_of(cls, name, value) for name, value in won.items() if is_number(value)},
    )
    scores = record.scores[record.objective][record.winner].tolist()
    baselines = {"dummy": best_dummy(job, record, training, splits), "defaults": defaults(job, record, context)}
    documents = {
        name: found and baseline_document(found, scores, record.objective, question.test_share)
        for name, found in baselines.items()
    }
    return {**(selection_document(record.judged, question) or {}), **documents}


def slimmed(shown: SelectionStatus | None) -> Iterator[SelectionStatus | None]:
    """Yield what the status shows of a choice, whole and with less and less, for reports that would not fit."""
    if shown is not None:
        yield shown
        yield (shown := shown.model_copy(update={"importance": [], "importance_about": None}))
        yield (shown := shown.model_copy(update={"edges": []}))
        yield shown.model_copy(update={"dummy": None, "defaults": None})
    yield None
