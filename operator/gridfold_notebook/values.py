"""Values of parameters as a job writes them."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def spelled(value: Any) -> Any:
    """Return a parameter's value as a job writes it, so that 1 stays a whole number and 1.0 does not become one.

    Raises:
        ValueError: a job cannot say it.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return {"int": value}
    if isinstance(value, float) and math.isfinite(value):
        return {"float": int(value)} if value.is_integer() else value
    if isinstance(value, list | tuple):
        return [spelled(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): spelled(one) for key, one in value.items()}
    raise ValueError(
        f"{value!r} is a {type(value).__name__}, which a job cannot say; expected finite numbers, texts, True, False, "
        "None, and lists or dicts of them"
    )
