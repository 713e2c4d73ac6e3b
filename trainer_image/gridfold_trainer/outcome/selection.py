"""How far the choice of the winner can be trusted: the record of all cells, put to `gridfold.domain.numbers`."""

from collections.abc import Iterator, Mapping
from typing import Any

from gridfold.api.handoff import StageInput
from gridfold.api.selection import SelectionStatus
from gridfold.domain.numbers.judged import is_number
from gridfold.domain.numbers.summary import Question, selection_document
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.data.prepared import PreparedData
from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.cross_validation import make_splits
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.learning.value_bounds import bounds_of
from gridfold_trainer.outcome.collect import Record

Selection = Mapping[str, Any]


def selection(job: StageInput, record: Record, data: PreparedData, parts: Parts) -> Selection | None:
    """Return the document of status.json, None where no cell has won."""
    if record.winner is None:
        return None
    spec, cls = job.spec, estimators.load_class(job.spec.estimator.class_name)
    splits = make_splits(
        data.y[parts.train], spec.cross_validation, prepared_run(job).resolved, data.orders.at(parts.train)
    )
    won = record.rows[record.winner].chosen
    question = Question(
        test_share=sum(len(test) for _, test in splits) / sum(len(train) for train, _ in splits),
        repeats=spec.cross_validation.repeats,
        choice=record.choice,
        bounds={name: bounds_of(cls, name, value) for name, value in won.items() if is_number(value)},
    )
    return selection_document(record.judged, question)


def slimmed(shown: SelectionStatus | None) -> Iterator[SelectionStatus | None]:
    """Yield what the status shows of a choice, whole and with less and less, for reports that would not fit."""
    if shown is not None:
        yield shown
        yield (shown := shown.model_copy(update={"importance": [], "importance_about": None}))
        yield shown.model_copy(update={"edges": []})
    yield None
