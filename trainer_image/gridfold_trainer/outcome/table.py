"""results.csv and results.parquet: one row per cell, the columns of cv_results_ in the user's names."""

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gridfold.domain.grid import parameter_texts
from gridfold_trainer.data.frames import add_frames
from gridfold_trainer.learning.ranking import means_and_stds
from gridfold_trainer.outcome.collect import Record

#: name, type, value of each cell (None: there is none)
Column = tuple[str, type[int] | type[float] | type[str], list[Any]]


def results_csv(record: Record) -> bytes:
    """Return the table: UTF-8 with a header, cells in grid order.

    Floats are written by repr, so they read back exactly; an empty field is "there is none" (a score of a cell that
    failed, a parameter that this cell's grid does not have). `attempts` is known of failed cells only, `memory` (the
    limit, or else the request, of the pod that came to an end) of cells that ran in a cluster. `shared` says what of
    a cell's work served other cells, too: its times are then its own part of that.
    """
    columns = list(_columns(record))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _, _ in columns])
    texts = ([_text(value) for value in values] for _, _, values in columns)
    writer.writerows(zip(*texts, strict=True))
    return text.getvalue().encode()


def results_parquet(record: Record) -> bytes:
    """Return the same table as Parquet: whole numbers, floats and texts, null where the other has an empty field."""
    add_frames()
    import polars as pl

    types = {int: pl.Int64, float: pl.Float64, str: pl.String}
    series = [pl.Series(name, values, dtype=types[kind]) for name, kind, values in _columns(record)]
    content = io.BytesIO()
    pl.DataFrame(series).write_parquet(content, compression="zstd")
    return content.getvalue()


def _columns(record: Record) -> Iterator[Column]:
    rows = record.rows
    yield "index", int, [row.cell.index for row in rows]
    for name, seconds in (("fit_time", record.fit_seconds), ("score_time", record.score_seconds)):
        means, stds = means_and_stds(seconds)
        yield f"mean_{name}", float, _numbers(means)
        yield f"std_{name}", float, _numbers(stds)
    yield from _parameter_columns(record)
    for metric in record.metrics:
        yield from _metric_columns(record, metric)
    yield "shared", str, [", ".join(row.result.shared) if row.result else None for row in rows]
    yield "outcome", str, [str(row.outcome) for row in rows]
    yield "attempts", int, [row.failed.attempts if row.failed and not row.result else None for row in rows]
    yield "memory", str, [row.memory for row in rows]
    yield "error", str, [row.message or None for row in rows]


def _parameter_columns(record: Record) -> Iterator[Column]:
    names = dict.fromkeys(name for row in record.rows for name in row.chosen)
    shown = [parameter_texts(row.chosen) for row in record.rows]
    for name in names:
        yield f"param_{name}", str, [texts.get(name) for texts in shown]
    yield "params", str, [json.dumps(dict(row.chosen), ensure_ascii=False) for row in record.rows]


def _metric_columns(record: Record, metric: str) -> Iterator[Column]:
    for split in range(record.splits):
        yield f"split{split}_test_{metric}", float, _numbers(record.scores[metric][:, split])
    means, stds, ranks = record.summary[metric]
    yield f"mean_test_{metric}", float, _numbers(means)
    yield f"std_test_{metric}", float, _numbers(stds)
    yield f"rank_test_{metric}", int, ranks.tolist()
    if metric in record.train_scores:
        yield from _train_columns(metric, record.train_scores[metric])


def _train_columns(metric: str, scores: np.ndarray) -> Iterator[Column]:
    for split, column in enumerate(scores.T):
        yield f"split{split}_train_{metric}", float, _numbers(column)
    means, stds = means_and_stds(scores)
    yield f"mean_train_{metric}", float, _numbers(means)
    yield f"std_train_{metric}", float, _numbers(stds)


def _numbers(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(number) else number for number in values.tolist()]


def _text(value: Any) -> str:
    if isinstance(value, str):  # Python's writer leaves a carriage return without quotes, and readers end a line there
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
