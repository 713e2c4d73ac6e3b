"""results.csv: one row per cell, the columns of cv_results_ in the user's names."""

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gridfold.domain.grid import parameter_texts
from gridfold_trainer.collect import Record
from gridfold_trainer.ranking import means_and_stds

Column = tuple[str, list[str]]


def results_csv(record: Record) -> bytes:
    """Return the table: UTF-8 with a header, cells in grid order.

    Floats are written by repr, so they read back exactly; an empty field is "there is none" (a score of a cell that
    failed, a parameter that this cell's grid does not have). `attempts` is known of failed cells only.
    """
    columns = list(_columns(record))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    writer.writerows(zip(*(values for _, values in columns), strict=True))
    return text.getvalue().encode()


def _columns(record: Record) -> Iterator[Column]:
    rows = record.rows
    yield "index", [str(row.cell.index) for row in rows]
    for name, seconds in (("fit_time", record.fit_seconds), ("score_time", record.score_seconds)):
        means, stds = means_and_stds(seconds)
        yield f"mean_{name}", _texts(means)
        yield f"std_{name}", _texts(stds)
    yield from _parameter_columns(record)
    for metric in record.metrics:
        yield from _metric_columns(record, metric)
    yield "outcome", [row.outcome for row in rows]
    yield "attempts", [str(row.failed.attempts) if row.failed and not row.result else "" for row in rows]
    yield "error", [row.message for row in rows]


def _parameter_columns(record: Record) -> Iterator[Column]:
    names = dict.fromkeys(name for row in record.rows for name in row.chosen)
    shown = [parameter_texts(row.chosen) for row in record.rows]
    for name in names:
        yield f"param_{name}", [texts.get(name, "") for texts in shown]
    yield "params", [json.dumps(dict(row.chosen), ensure_ascii=False) for row in record.rows]


def _metric_columns(record: Record, metric: str) -> Iterator[Column]:
    for split in range(record.splits):
        yield f"split{split}_test_{metric}", _texts(record.scores[metric][:, split])
    means, stds, ranks = record.summary[metric]
    yield f"mean_test_{metric}", _texts(means)
    yield f"std_test_{metric}", _texts(stds)
    yield f"rank_test_{metric}", [str(rank) for rank in ranks]


def _texts(values: np.ndarray) -> list[str]:
    numbers: list[Any] = values.tolist()
    return ["" if math.isnan(number) else repr(number) for number in numbers]
