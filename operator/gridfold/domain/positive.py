"""The class that some metrics are about: named wherever their scores are shown."""

import json
import re

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Average
from gridfold.api.v1alpha1.metrics import AVERAGED

#: About the positive class of two, whatever average says.
ALWAYS = ("average_precision",)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
_YAML_WORDS = ("y", "yes", "on", "true", "n", "no", "off", "false", "null")


def metrics_of_one_class(resolved: Resolved) -> list[str]:
    """Return those of the measured metrics that are about the positive class."""
    if resolved.positive_class is None:
        return []
    known = (*AVERAGED, *ALWAYS) if resolved.average == Average.BINARY else ALWAYS
    return [metric for metric in resolved.metrics if metric in known]


def about(resolved: Resolved) -> str:
    """Return which class the metrics are about that are about one; "" where none is."""
    metrics = metrics_of_one_class(resolved)
    if not metrics:
        return ""
    named = metrics[0] if len(metrics) == 1 else f"{', '.join(metrics[:-1])} and {metrics[-1]}"
    verb = "is" if len(metrics) == 1 else "are"
    return f"{named} {verb} about the class {json.dumps(resolved.positive_class, ensure_ascii=False)}"


def yaml_text(label: str) -> str:
    """Return a label as it is written in YAML where a text is wanted."""
    plain = _PLAIN.fullmatch(label) and label.lower() not in _YAML_WORDS
    return label if plain else json.dumps(label, ensure_ascii=False)
