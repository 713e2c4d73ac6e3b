"""results.csv as `cv_results_` of scikit-learn's searches."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_RANK, _PARAMETER = "rank_test_", "param_"
_NUMBERS = ("mean_", "std_", "split")


def cv_results(table: bytes) -> dict[str, Any]:
    """Return the columns that scikit-learn has, in its order, with its types, cells in the order of the grid.

    Shapes: (cells,). Numbers are float64 (NaN: none), ranks int32, parameters masked arrays (masked: the cell's grid
    does not have it), of the type that their values have in common, else of objects; `params` is a list of dicts.
    """
    found: dict[str, Any] = {}
    for name, values in typed_columns(table).items():
        if name == "params":
            params = [json.loads(text) for text in values]
            found |= parameter_columns(params) | {"params": params}
        elif name.startswith(_RANK):
            found[name] = np.array(values, dtype=np.int32)
        elif name.startswith(_NUMBERS):
            found[name] = np.array(values)
    return found


def typed_columns(table: bytes) -> dict[str, list[Any]]:
    """Return all columns by name: whole numbers, floats with every digit (NaN: none) and texts (None: none)."""
    names, *rows = csv.reader(io.StringIO(table.decode(), newline=""))
    found: dict[str, list[Any]] = {}
    for name, texts in zip(names, zip(*rows, strict=True), strict=True):
        if name == "index" or name.startswith(_RANK):
            found[name] = [int(text) for text in texts]
        elif name == "attempts" or name.startswith(_NUMBERS):
            found[name] = [float(text or "nan") for text in texts]
        else:
            found[name] = [text or None for text in texts]
    return found


def as_asked(
    results: Mapping[str, Any], candidates: list[dict[str, Any]], metrics: Mapping[str, str]
) -> dict[str, Any]:
    """Return results with candidates as the user gave them, and names of their own for metrics: name -> metric.

    Raises:
        ValueError: there is another number of candidates.
    """
    ends = [(f"_{rows}_{metric}", f"_{rows}_{name}") for name, metric in metrics.items() for rows in ("test", "train")]
    if len(candidates) != len(results["params"]):
        raise ValueError(f"the job has {len(results['params'])} cells; expected {len(candidates)}")
    found: dict[str, Any] = {}
    for column, values in results.items():
        if column == "params":
            found |= parameter_columns(candidates) | {"params": candidates}
        elif not column.startswith(_PARAMETER):
            end, new = next(((end, new) for end, new in ends if column.endswith(end)), ("", ""))
            found[column.removesuffix(end) + new] = values
    return found


def parameter_columns(params: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a masked array for each parameter, as scikit-learn types them."""
    names = dict.fromkeys(name for chosen in params for name in chosen)
    found: dict[str, Any] = {}
    for name in names:
        values = {number: chosen[name] for number, chosen in enumerate(params) if name in chosen}
        found[f"{_PARAMETER}{name}"] = array = np.ma.MaskedArray(
            np.empty(len(params), dtype=_common_type(list(values.values()))), mask=True
        )
        for number, value in values.items():
            array[number] = value
    return found


def _common_type(values: list[Any]) -> Any:
    try:
        array = np.array(values)
    except ValueError:  # lists of different lengths
        return object
    return object if array.dtype.kind == "U" or array.ndim > 1 else array.dtype
