"""model-card.md: what the model is, what it was made of, how good it is, and how to use it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridfold.api.handoff import StageInput
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Average, ColumnType
from gridfold.api.v1alpha1.metrics import AVERAGED
from gridfold.domain.grid import parameter_texts
from gridfold.domain.leaderboard import format_score
from gridfold.domain.markdown import code_span, escaped, table_cell
from gridfold.domain.positive import metrics_of_one_class
from gridfold_trainer.data.prepared import Column, PreparedData
from gridfold_trainer.data.raw_rows import prediction_code
from gridfold_trainer.learning.findings import capital, joined

_CATEGORIES = 20
_CLASSES = 100
_CHARACTERS = 40


def model_card(job: StageInput, status: Mapping[str, Any], data: PreparedData, no_file: str = "") -> str:
    """Return the card of a run's model, in Markdown; `status` is the document of status.json.

    Where the model could not be stored, `no_file` says why, in place of how to use it.
    """
    sections = [
        f"# Model card: {job.name}",
        _summary(job, status, data),
        "## Scores\n\n" + "\n".join(_scores(status, data)),
        "## How to predict\n\n" + (escaped(no_file) or _usage(job, status, data)),
        "## Columns\n\nAll of these, by name; the order does not matter in the code above.\n\n"
        + "\n".join(_columns(data.columns)),
        "## Data\n\n" + "\n".join(_data(status)),
        "## Made with\n\n" + _table(["part", "version"], [[name, text] for name, text in status["versions"].items()]),
        "## Limits\n\n" + "\n".join(f"- {limit}" for limit in _limits(job, status, data)),
    ]
    return "\n\n".join(sections) + "\n"


def _summary(job: StageInput, status: Mapping[str, Any], data: PreparedData) -> str:
    best = status["best"]
    chosen = parameter_texts(best["parameters"])
    shown = ", ".join(f"{name} = {text}" for name, text in chosen.items()) or "none but the defaults"
    target = f"one of {len(data.classes)} classes" if data.classes else "a number"
    return (
        f"Predicts {code_span(data.target)} ({target}) from {len(data.columns)} columns.\n\n"
        f"- Estimator: {code_span(status['estimator'])} behind its preprocessing, in one scikit-learn pipeline\n"
        f"- Chosen by cross-validation out of {status['cells']['total']} cells: "
        f"cell {best['cell']} ({escaped(shown)}){_simplest(status)}\n"
        f"- TrainingJob: {job.namespace}/{job.name}, generation {job.generation}"
    )


def _simplest(status: Mapping[str, Any]) -> str:
    """Return why it is not the cell with the highest mean, where it is not."""
    found = status.get("selection")
    if not found or found["highestCell"] == found["winner"]:
        return ""
    return (
        f", the simplest one within one standard deviation of cell {found['highestCell']}, which has the highest mean"
    )


def _scores(status: Mapping[str, Any], data: PreparedData) -> Iterator[str]:
    best, test = status["best"], status["test"]
    rows = []
    for metric, found in best["scores"].items():
        low, high = test["intervals"].get(metric, (None, None))
        interval = "" if low is None else f"{format_score(low)} to {format_score(high)}"
        folds = f"{format_score(found['mean'])} ± {format_score(found['std'])}"
        rows.append(
            [
                metric + (" (decides)" if metric == status["objective"] else ""),
                folds,
                format_score(status["training"].get(metric)),
                format_score(status["validation"].get(metric)),
                format_score(test["scores"].get(metric)),
                interval,
            ]
        )
    yield _table(["metric", "folds, mean ± std", "rows of its fit", "validation", "test", "test, 95 % interval"], rows)
    yield ""
    others = best["indistinguishableFrom"]
    yield (
        f"{others} other cell{' does' if others == 1 else 's do'} not differ from this one by the corrected resampled "
        "t-test (5 %). Intervals are percentiles of 1,000 bootstrap draws of the test rows. Greater is always better; "
        f"losses are negative.{_averaged(status['resolved'], data)}"
    )


def _averaged(resolved: Mapping[str, Any], data: PreparedData) -> str:
    """Return what those metrics are about that are about one class, and which ones are averages."""
    words = ""
    if data.classes is not None and data.positive is not None:
        label = str(data.classes[data.positive])
        metrics = metrics_of_one_class(Resolved.model_validate({**resolved, "positiveClass": label[:256]}))
        verb = "is" if len(metrics) == 1 else "are"
        words = f" {capital(joined(metrics))} {verb} about the class {code_span(label)}." if metrics else ""
    averages = [metric for metric in AVERAGED if metric in resolved["metrics"]]
    if not averages or resolved["average"] == Average.BINARY:
        return words
    verb = "averages" if len(averages) == 1 else "average"
    return f"{words} {capital(joined(averages))} {verb} over the classes ({resolved['average']})."


def _usage(job: StageInput, status: Mapping[str, Any], data: PreparedData) -> str:
    code = prediction_code(job.spec, data, status["trustedTypes"])
    types = status["trustedTypes"]
    trusted = "\n".join(f"- {code_span(name)}" for name in types) or "- none"
    packages = " and ".join(sorted({name.partition(".")[0] for name in types}))
    return (
        f"```python\n{code}\n```\n\n"
        "The file executes nothing when it is read. These types must be trusted by name"
        f"{f', all of {packages}' if packages else ''}:\n\n{trusted}"
    )


def _columns(columns: Sequence[Column]) -> Iterator[str]:
    rows = []
    for column in columns:
        values = _first(column.categories, _CATEGORIES) if column.type is ColumnType.CATEGORICAL else ""
        rows.append([code_span(column.name), str(column.type), values])
    yield _table(["column", "type", "categories seen"], rows)


def _data(status: Mapping[str, Any]) -> Iterator[str]:
    dataset = status["dataset"]
    parts = ", ".join(f"{name} {rows}" for name, rows in dataset["parts"].items())
    yield f"- Rows: {dataset['rows']} ({parts}); this model was fitted on training and validation part"
    yield f"- Digest of the prepared data: {code_span(dataset['digest'])}"
    yield f"- Digest of the split: {code_span(dataset['splitDigest'])}"


def _limits(job: StageInput, status: Mapping[str, Any], data: PreparedData) -> Iterator[str]:
    if job.spec.cleaning.trim_text:
        yield "Text must be trimmed and a missing value must be NaN, as above: on ` a` or None it predicts otherwise."
    else:
        yield "A missing value must be NaN, as above: on None or an empty text it predicts otherwise."
    yield "A category that is not among those seen is treated as none of them; numbers beyond those seen are a guess."
    yield "The scores hold for rows drawn like these; where they come from, and whom they miss, the data cannot tell."
    if data.classes:
        yield f"It never predicts another class than: {_first([str(label) for label in data.classes], _CLASSES)}."
    if (status["test"]["openings"] or 0) > 1:
        yield (
            f"{status['test']['openings']} different models have been scored on this test part: its scores are "
            "no fresh test any more."
        )
    yield from (escaped(note) for note in (status.get("headline"), *status["notes"]) if note)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(table_cell, line)) + " |" for line in lines)


def _first(texts: Sequence[str], most: int) -> str:
    """Return the first of some texts from the data as Markdown code, and how many more there are."""
    shown = ", ".join(code_span(text, _CHARACTERS) for text in texts[:most])
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown
