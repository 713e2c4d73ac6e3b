"""What MLflow is given of a run: one run for all of it, and one for each of its best cells. Pure.

Metrics have scikit-learn's names behind what they are of: `cv_mean_f1`, `cv_std_f1`, `cv_f1` (a step for each fold),
where training scores were asked for `cv_train_mean_f1` and so on, `validation_f1`, `test_f1`, `test_f1_low` and
`test_f1_high`. What has no value is left out.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridfold.domain.markdown import escaped
from gridfold_cli.mlflow.limits import (
    DATASET_CHARACTERS,
    DIGEST_CHARACTERS,
    PARAMETER_CHARACTERS,
    SOURCE_CHARACTERS,
    TAG_CHARACTERS,
    names,
    shortened,
)

BEST_CELLS = 20
#: What a run is found by when it is exported again: the digest of its status.json.
IDENTITY = "gridfold.status"
CELL = "gridfold.cell"
_SCORES = re.compile(r"(?P<kind>mean|std|split(?P<fold>\d+))_(?P<part>test|train)_(?P<metric>.+)")
PARENT, NOTE, SOURCE = "mlflow.parentRunId", "mlflow.note.content", "mlflow.source.name"


@dataclass(frozen=True)
class Metric:
    """A value, at a step."""

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Exported:
    """A run of MLflow as it shall be."""

    name: str
    params: Mapping[str, str]
    metrics: Sequence[Metric]
    tags: Mapping[str, str] = field(default_factory=dict)
    failed: bool = False
    dataset: Mapping[str, str] | None = None  #: what MLflow is told of the data


def whole_run(
    run: str, status: Mapping[str, Any], sha256: str, summary: str, rows: Sequence[Mapping[str, str]]
) -> Exported:
    """Return the run for all of it; `run` is its folder, `rows` is results.csv."""
    best, job, folder = status["best"], status["job"], run.rstrip("/").rpartition("/")[2]
    spec = status.get("spec") or {}
    tags = {
        IDENTITY: sha256,
        "gridfold.job": f"{job['namespace']}/{job['name']}",
        "gridfold.run": run,
        "gridfold.runDigest": status["runDigest"],
        "gridfold.datasetDigest": status["dataset"]["digest"],
        "gridfold.splitDigest": status["dataset"]["splitDigest"],
        "gridfold.estimator": status["estimator"],
        "gridfold.objective": status["objective"],
        "gridfold.cells": str(status["cells"]["total"]),
        "gridfold.version": status["versions"].get("gridfold", ""),
        "gridfold.spec": _whole_or_where(json.dumps(spec, ensure_ascii=False)),
        NOTE: _note([summary, status.get("headline"), *(status.get("notes") or [])]),
        **({CELL: str(best["cell"])} if best else {}),
        SOURCE: "gridfold",
    }
    metrics: list[Metric] = []
    if best:
        row = next(row for row in rows if int(row["index"]) == best["cell"])
        metrics += [*_of_cell(row), *_of_parts(status)]
    params = _params({**_fixed(spec), **best["parameters"]}) if best else {}
    name, tags, dataset = f"{job['name']} {folder}", _bounded(tags), _dataset(status)
    return Exported(name, params, metrics, tags, failed=not best, dataset=dataset)


def best_cells(status: Mapping[str, Any], rows: Sequence[Mapping[str, str]], parent: str) -> list[Exported]:
    """Return the runs for the best cells, best first, the winner among them whatever it was chosen by."""
    objective, best = status["objective"], status["best"] or {}
    mean, rank = f"mean_test_{objective}", f"rank_test_{objective}"
    scored = [row for row in rows if _value(row.get(mean)) is not None]
    scored.sort(key=lambda row: (int(row["index"]) != best.get("cell"), int(row[rank]), int(row["index"])))
    chosen = sorted(scored[:BEST_CELLS], key=lambda row: (int(row[rank]), int(row["index"])))
    fixed = _fixed(status.get("spec") or {})
    return [
        Exported(
            f"cell {row['index']}",
            _params({**fixed, **_parameters(row)}),
            list(_of_cell(row)),
            {PARENT: parent, CELL: row["index"], "gridfold.rank": row[rank], SOURCE: "gridfold"},
        )
        for row in chosen
    ]


def _dataset(status: Mapping[str, Any]) -> dict[str, str]:
    """Return the prepared data set as MLflow knows data sets: digest and rows, and where its sources are."""
    data, spec = status["dataset"], (status.get("spec") or {}).get("dataset") or {}
    uris = [source["uri"] for source in spec.get("sources") or []]
    where = json.dumps({"sources": uris}, ensure_ascii=False)
    first = uris[0].removeprefix("file:").rstrip("/").rpartition("/")[2] if uris else ""
    return {
        "name": first[:DATASET_CHARACTERS] or "data",
        "digest": data["digest"].removeprefix("sha256:")[:DIGEST_CHARACTERS],
        "source_type": "gridfold",
        "source": where if len(where) <= SOURCE_CHARACTERS else json.dumps({"sources": len(uris)}),
        "profile": json.dumps({"num_rows": data.get("rows"), "num_columns": data.get("columns")}),
    }


def _fixed(spec: Mapping[str, Any]) -> dict[str, Any]:
    return dict((spec.get("estimator") or {}).get("parameters") or {})


def _parameters(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row["params"])
    return found


def _params(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as texts: strings as they are, all else as JSON (1.0 stays 1.0)."""
    known = names(parameters)
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    return {known[name]: shortened(text, PARAMETER_CHARACTERS) for name, text in texts.items()}


def _of_cell(row: Mapping[str, str]) -> Iterator[Metric]:
    """Yield mean and standard deviation of each metric, each fold as a step, and the mean seconds of a fit."""
    for column, text in row.items():
        value = _value(text)
        if value is None:
            continue
        if found := _SCORES.fullmatch(column):
            of = "cv_train" if found["part"] == "train" else "cv"
            fold = found["fold"]
            yield (
                Metric(f"{of}_{found['metric']}", value, int(fold))
                if fold
                else Metric(f"{of}_{found['kind']}_{found['metric']}", value)
            )
        elif column == "mean_fit_time":
            yield Metric(column, value)


def _of_parts(status: Mapping[str, Any]) -> Iterator[Metric]:
    test, intervals = status["test"], status["test"].get("intervals") or {}
    yield from _named("validation_{}", status["validation"])
    yield from _named("test_{}", test["scores"])
    for place, end in enumerate(("low", "high")):
        yield from _named(f"test_{{}}_{end}", {name: ends[place] for name, ends in intervals.items()})
    honest = ((status.get("selection") or {}).get("honest") or {}).get("score")
    yield from _named("cv_selection_honest_{}", {status["objective"]: honest})


def _named(name: str, values: Mapping[str, float | None]) -> Iterator[Metric]:
    for metric, value in values.items():
        if value is not None and not math.isnan(value):
            yield Metric(name.format(metric), value)


def _value(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _note(texts: Sequence[str | None]) -> str:
    """Return texts as paragraphs of the note, which MLflow shows as Markdown: names of the data stand in them."""
    return "\n\n".join(escaped(text, TAG_CHARACTERS) for text in texts if text)


def _bounded(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: shortened(text, TAG_CHARACTERS) for name, text in tags.items() if text}


def _whole_or_where(spec: str) -> str:
    """Return the spec, or where it stands: half of a document is none."""
    return spec if len(spec) <= TAG_CHARACTERS else "longer than a tag: it stands in status.json among the artifacts"
