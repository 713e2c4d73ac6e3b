"""What somebody may have meant who wrote a field or a choice that does not exist."""

import difflib
import re
from typing import Any

from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import Problem
from gridfold_cli.reading.metadata import FIELDS

_CHOICES = "Input should be '"  #: how pydantic begins a list of choices


def suggest(problem: Problem) -> str:
    """Return what may have been meant, as the end of a sentence, or "".

    An unknown field or choice may resemble a known one; and who writes `target: y` means a text, where YAML reads true.
    """
    if problem.value in ("true", "false") and "string" in problem.rule:
        return "; YAML reads y, yes, on, n, no and off as true or false: write the text in quotes"
    if problem.rule.endswith("a valid list") and problem.path.startswith("spec.search.grid["):
        return _listed(problem.value)
    if problem.rule.startswith(_CHOICES):
        written, known = problem.value.strip('"'), re.findall("'([^']+)'", problem.rule)
    else:
        parent, _, written = problem.path.rpartition(".")
        known = sorted(FIELDS) if parent == "metadata" else field_names(parent)
    if written.partition("[")[0] in known:
        return ""
    alike = difflib.get_close_matches(_plain(written), [_plain(name) for name in known], n=1)
    meant = next((name for name in known if alike and _plain(name) == alike[0]), None)
    if meant is None and problem.rule.endswith("a field of this resource") and known:
        return f"; there are {', '.join(known)}"
    return f"; did you mean {meant}?" if meant else ""


def _listed(value: str) -> str:
    """Return how an axis of the grid is written whose values stand in no list."""
    text = value.strip('"')
    if text.startswith("["):
        return f"; write {text} without quotes"
    if "(" in text:
        return "; an axis is a list of values, such as [1, 2, 3]: Python code is not run"
    return f"; an axis is a list of values: write [{'null' if text in ('None', 'null') else value}]"


def field_names(path: str) -> list[str]:
    """Return the fields of the object at a path such as spec.dataset.sources[0]; none where anything may stand."""
    schema = TrainingJob.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    for part in filter(None, path.split(".")):
        name, *indexes = re.split(r"\[\d+\]", part)
        schema = _resolve(_resolve(schema, definitions).get("properties", {}).get(name, {}), definitions)
        for _ in indexes:
            schema = _resolve(schema.get("items", {}), definitions)
    return list(_resolve(schema, definitions).get("properties", {}))


def _resolve(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            schema = choice
    if "$ref" in schema:
        found: dict[str, Any] = definitions[schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
