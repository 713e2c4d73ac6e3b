"""The winner: its folds computed again, and its two last fits with their scores."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold.api.handoff import StageInput
from gridfold.api.plots import Plots
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.cells.judging import judge_again
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.data.prepared import PreparedData, label_array, to_frame
from gridfold_trainer.errors import CacheMismatchError, FitFailedError
from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.evaluate import fit_error
from gridfold_trainer.learning.intervals import Intervals, bootstrap
from gridfold_trainer.learning.label_parameters import by_label
from gridfold_trainer.learning.pipelines import plain_pipeline
from gridfold_trainer.learning.plain_messages import plain_message
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Heard, make_scorer
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.learning.training import TrainingRows
from gridfold_trainer.outcome.collect import Row
from gridfold_trainer.outcome.counts import count
from gridfold_trainer.outcome.doubts import of_predictions
from gridfold_trainer.outcome.model_file import Stored, store_model
from gridfold_trainer.outcome.plots import plots_of
from gridfold_trainer.outcome.speaking import Spoken, speak_labels

_WARNINGS = 5
_CHARACTERS = 256
#: Of those it was fitted on, about which every estimator says something: the stored model must say the same.
_PROVING_ROWS = 200


@dataclass(frozen=True)
class Refitted:
    """The winner's last two fits."""

    model: Any  #: fitted on training and validation part, on a DataFrame; it says labels
    validation: Mapping[str, float | None]
    test: Mapping[str, float | None]
    warnings: list[str] = field(default_factory=list)
    intervals: Intervals = field(default_factory=dict)  #: of test
    stored: Stored = field(default_factory=lambda: Stored(None))  #: the model as a file
    doubts: list[str] = field(default_factory=list)  #: why its scores may be no success
    counts: Mapping[str, Any] = field(default_factory=dict)  #: what it took for what
    plots: Plots | None = None  #: what can be drawn of it
    training: Mapping[str, float | None] = field(default_factory=dict)  #: of validation's fit on its own rows


def check_winner(job: StageInput, best: Row, training: TrainingRows, hear: Heard) -> tuple[list[str], list[Any]]:
    """Compute the winner's folds again; return warnings, and what `hear` makes of each fit, None where there is none.

    There is a warning where they differ on another BLAS architecture.

    Raises:
        CacheMismatchError: they differ although nothing else does, so the stored numbers cannot be trusted.
    """
    again, heard = judge_again(job, best.cell, training, hear)
    if best.result is None or again.every_score == best.result.every_score:
        return [], heard
    different = (
        f"the stored scores of cell {best.cell.index}, the winner, are not the ones that its folds give now "
        f"({_first_difference(best.result.every_score, again.every_score)})"
    )
    if again.recorded.blas == best.result.recorded.blas:
        raise CacheMismatchError(
            f"{different}; someone may have changed {job.spec.cache_uri}cells/{best.cell.key}.json. Remove that "
            "object, or name another output.cacheUri, and run the job again."
        )
    return [f"{different}; they were computed on another BLAS architecture."], heard


def refit_winner(job: StageInput, best: Row, data: PreparedData, parts: Parts) -> Refitted:
    """Fit the winner on the training part and score validation, and its own rows; fit on both and score test, once.

    Both fits are on codes, as the cells'; the last model learns the labels when it has been scored.

    Raises:
        FitFailedError: the winner of the folds cannot be fitted on more rows.
    """
    add_frames()
    scorer = make_scorer(prepared_run(job).resolved, data.classes, data.positive)
    frame = to_frame(data)
    both = np.concatenate([parts.train, parts.validation])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first = _fitted(best, data, np.asfortranarray(data.X[parts.train]), parts.train)
        known = Responses(first, np.asfortranarray(data.X[parts.validation]))
        validation = scorer.measure(data.y[parts.validation], known)
        training = scorer.train_scores(known.on, lambda: (np.asfortranarray(data.X[parts.train]), data.y[parts.train]))
        doubts = of_predictions(data.y[parts.validation], known, data.classes)
        model = _fitted(best, data, frame.iloc[both], both)
        responses = Responses(model, frame.iloc[parts.test])
        test = scorer.measure(data.y[parts.test], responses)
        asked = {"validation": (data.y[parts.validation], known), "test": (data.y[parts.test], responses)}
        counts = count(asked, data.classes)  # while both still answer codes
        drawn = plots_of(*asked["validation"], data.positive)
        spoken, stored = _kept(best, data, model, frame.iloc[both[:_PROVING_ROWS]])
    ends = bootstrap(scorer, data.y[parts.test], responses, job.spec.split.seed)
    notes = [
        f"{metric} has no value on the {part} part: {plain_message(cause, data.classes)}"[:_CHARACTERS]
        for part, scores in (("validation", validation), ("test", test))
        for metric, cause in scores.problems.items()
    ]
    notes = [note for note in (stored.note, spoken.note) if note] + notes
    texts = dict.fromkeys(f"{warning.category.__name__}: {warning.message}"[:_CHARACTERS] for warning in caught)
    every = [*notes, *list(texts)[:_WARNINGS]]
    return Refitted(spoken.model, validation.values, test.values, every, ends, stored, doubts, counts, drawn, training)


def _kept(best: Row, data: PreparedData, model: Any, rows: Any) -> tuple[Spoken, Stored]:
    """Return the scored model as one that says labels, and as a file; both are proven on some rows."""
    spoken = Spoken(model)
    if data.classes is not None:
        named = by_label(estimators.load_class(best.cell.estimator), best.cell.parameters, data.classes)
        spoken = speak_labels(model, label_array(data.classes), named, rows)
    return spoken, store_model(spoken.model, rows)


def _fitted(best: Row, data: PreparedData, X: Any, rows: np.ndarray) -> Any:
    """Return the winner's pipeline fitted on those rows: of the matrix, as the cells', or of a DataFrame."""
    pipeline = best.cell.pipeline(data.columns, data.classes, names=not isinstance(X, np.ndarray))
    try:
        return plain_pipeline(pipeline.fit(X, data.y[rows]))
    except MemoryError:
        raise
    except Exception as error:
        told = fit_error(error, data.classes)
        raise FitFailedError(
            f"cell {best.cell.index} won the cross-validation, but cannot be fitted on {len(rows)} rows: "
            f"{told.kind}: {told.message.rstrip('.')}. Fix what the message names, or take this combination out of "
            "spec.search.grid."
        ) from error


def _first_difference(stored: dict[str, list[float | None]], again: dict[str, list[float | None]]) -> str:
    for metric, column in stored.items():
        other = again.get(metric, [])
        for split, (old, new) in enumerate(zip(column, other, strict=False)):
            if old != new:
                return f"{metric} of split {split}: {old!r} stored, {new!r} now"
    return "another number of scores"
