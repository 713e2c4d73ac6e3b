"""The CustomResourceDefinition, built from the models: a structural schema with descriptions, bounds and rules."""

import inspect
import json
import types
import typing
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gridfold.api.base import LEFT_OPEN, ApiModel
from gridfold.api.status import TrainingJobStatus
from gridfold.api.status_fields import StatusModel
from gridfold.api.v1alpha1 import GROUP, KIND, PLURAL, VERSION, TrainingJob, TrainingJobSpec

#: What pydantic's JSON schema says and a structural schema says in the same words.
KEPT = (
    "type",
    "enum",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
)
PRINTER_COLUMNS = (
    ("State", "string", ".status.state", "Where the job stands.", 0),
    ("Reason", "string", ".status.reason", "Why it has failed, or what it waits for.", 0),
    ("Progress", "string", ".status.progress", "Finished cells of all cells.", 0),
    ("Best", "string", ".status.best.score", "Mean of the objective of the best cell.", 0),
    ("Objective", "string", ".status.objective", "The metric that decides.", 0),
    ("Targets", "string", '.status.conditions[?(@.type=="TargetsMet")].status', "Whether the targets are met.", 0),
    ("Rows", "integer", ".status.dataset.rows", "Rows after cleaning.", 1),
    ("Failed", "integer", ".status.cells.failed", "Failed cells.", 1),
    ("Provider", "string", ".status.capacity.provider", "Who gives nodes for this job alone.", 1),
    ("Expected", "string", ".status.estimatedCompletionTime", "When it will have ended, if it goes on as it did.", 1),
    ("Duration", "string", ".status.duration", "How long the run took.", 1),
    ("Age", "date", ".metadata.creationTimestamp", "Time since the resource was made.", 0),
)


def build_crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition of TrainingJob."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["tj"],
                "categories": ["ml"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [
                        {"name": name, "type": kind, "jsonPath": path, "description": text, "priority": priority}
                        for name, kind, path, text, priority in PRINTER_COLUMNS
                    ],
                    "schema": {"openAPIV3Schema": _root()},
                }
            ],
        },
    }


def _root() -> dict[str, Any]:
    return {
        "type": "object",
        "description": inspect.getdoc(TrainingJob),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": "Version of this kind of resource."},
            "kind": {"type": "string", "description": "Kind of this resource."},
            "metadata": {"type": "object"},
            "spec": _described(_model(TrainingJobSpec), inspect.getdoc(TrainingJobSpec)),
            "status": _described(_model(TrainingJobStatus), inspect.getdoc(TrainingJobStatus)),
        },
    }


def _described(schema: dict[str, Any], description: str | None) -> dict[str, Any]:
    return {**schema, "description": description}


def _model(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model with everything that it refers to laid out in place."""
    document = model.model_json_schema(by_alias=True, mode="validation")
    schema = _convert(document, document.get("$defs", {}))
    _add_rules_and_defaults(schema, model)
    return schema


def _convert(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the structural form of a piece of JSON schema."""
    if "anyOf" in schema:  # X | None: a field that may be left out
        (kept,) = [option for option in schema["anyOf"] if option.get("type") != "null"]
        schema = {**kept, **{key: value for key, value in schema.items() if key != "anyOf"}}
    if "$ref" in schema:
        schema = {**definitions[schema["$ref"].rpartition("/")[2]], **schema}
    out = {key: schema[key] for key in KEPT if key in schema}
    if "description" in schema:
        out["description"] = " ".join(schema["description"].split())
    if "items" in schema:
        out["items"] = _convert(schema["items"], definitions)
    values = schema.get("additionalProperties")
    if values:
        out["additionalProperties"] = _anything() if values is True else _convert(values, definitions)
    if "properties" in schema:
        out["properties"] = {name: _convert(value, definitions) for name, value in schema["properties"].items()}
        if schema.get("required"):
            out["required"] = list(schema["required"])
    if out.get("type") == "integer":
        out["format"] = "int64"
    return out if "type" in out else {**out, **_anything()}


def _anything() -> dict[str, Any]:
    """Return the schema of a free-typed value: kept as it is, null included."""
    return {"x-kubernetes-preserve-unknown-fields": True, "nullable": True}


def _add_rules_and_defaults(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add CEL rules and defaults, which pydantic's JSON schema does not tell, all the way down."""
    rules = model.rules if issubclass(model, ApiModel) else ()
    if rules:
        schema["x-kubernetes-validations"] = [
            {"rule": rule.cel, "message": " ".join(filter(None, (rule.path, rule.message)))}
            | ({"messageExpression": rule.cel_message} if rule.cel_message else {})
            | ({"fieldPath": f".{rule.path}"} if rule.path else {})
            for rule in rules
        ]
    for name, field in model.model_fields.items():
        below = schema["properties"][field.alias or name]
        inner = _inner_model(field.annotation)
        if inner is not None:
            target = below["items"] if below["type"] == "array" else below
            if below["type"] == "object" and "additionalProperties" in below:
                target = below["additionalProperties"]
            _add_rules_and_defaults(target, inner)
        default = _default(field)
        if default is not None:
            if not _left_open(field):
                below["default"] = default
            if not issubclass(model, StatusModel):
                _tell_default(below, default, "" if not _left_open(field) else ", where the platform has no other")


def _tell_default(schema: dict[str, Any], default: Any, where: str) -> None:
    """Let the description say a plain default, where it says none: kubectl explain does not show it."""
    if isinstance(default, bool | int | str) and "efault" not in schema["description"]:
        text = (default or "none") if isinstance(default, str) else json.dumps(default)
        schema["description"] += f" Default: {text}{where}."


def _left_open(field: Any) -> bool:
    return bool(field.json_schema_extra == LEFT_OPEN)


def _default(field: Any) -> Any:
    """Return the default to write, in full: the API server checks rules on a default before it fills it in."""
    if field.default_factory is None:
        return None if field.default is PydanticUndefined else field.default
    value = field.default_factory()
    if isinstance(value, ApiModel):
        left = {other.alias for other in type(value).model_fields.values() if _left_open(other)}
        return _without_empty({key: part for key, part in value.document().items() if key not in left})
    # An empty list or map says no more than its absence, and would only lengthen what users read back.
    return value or None


def _without_empty(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without empty lists and maps, at any depth but its own."""
    below = {key: _without_empty(value) if isinstance(value, dict) else value for key, value in document.items()}
    return {key: value for key, value in below.items() if value not in ({}, [])}


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside X, X | None, list[X] or dict[str, X]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    origin = typing.get_origin(annotation)
    if origin in (list, dict, types.UnionType, typing.Union, typing.Annotated):
        found = (_inner_model(argument) for argument in typing.get_args(annotation))
        return next((model for model in found if model is not None), None)
    return None
