"""Write docs/fields.md, every field of a TrainingJob, from its models: field_reference.py [--check] only compares."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gridfold.api.crd import build_crd

TARGET = Path(__file__).resolve().parent.parent / "docs/fields.md"
HEADER = """<!-- Generated from operator/gridfold/api by `make crds`. Do not edit. -->
# Every field of a TrainingJob

The same texts as `kubectl explain tj.spec`, in one page. `[]` stands for each entry of a list, `{}` for each value of a
map. Below a table stand the rules that the API server checks beside.

"""
_BOUNDS = {"minimum": "≥", "maximum": "≤", "minLength": "characters ≥", "maxLength": "characters ≤"}
_BOUNDS |= {
    "minItems": "entries ≥",
    "maxItems": "entries ≤",
    "minProperties": "entries ≥",
    "maxProperties": "entries ≤",
}

Schema = dict[str, Any]


def page(schema: Schema) -> str:
    """Return the page: a section for each object that has fields, in the order in which the models have them."""
    parts = [HEADER]
    for root in ("spec", "status"):
        for path, part in _objects(root, schema["properties"][root]):
            parts.append(f"## {path}\n\n{_cell(part.get('description', ''))}\n\n")
            parts.append("| field | type | |\n| --- | --- | --- |\n")
            required = part.get("required", ())
            parts += [_row(name, field, name in required) for name, field in part["properties"].items()]
            parts += [f"\n- {_cell(rule['message'])}" for rule in part.get("x-kubernetes-validations", ())]
            parts.append("\n\n" if part.get("x-kubernetes-validations") else "\n")
    return "".join(parts).rstrip("\n") + "\n"


def _objects(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    if "properties" in schema:
        yield path, schema
        for name, field in schema["properties"].items():
            yield from _objects(f"{path}.{name}", field)
    if "items" in schema:
        yield from _objects(f"{path}[]", schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _objects(f"{path}{{}}", schema["additionalProperties"])


def _row(name: str, schema: Schema, required: bool) -> str:
    return f"| `{name}` | {_type(schema)}{', required' if required else ''} | {_told(schema)} |\n"


def _type(schema: Schema) -> str:
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    return str(schema.get("type", "any value"))


def _told(schema: Schema) -> str:
    words = [_cell(schema.get("description", ""))]
    if names := schema.get("enum"):
        words.append("One of " + ", ".join(f"`{name}`" for name in names) + ".")
    if bounds := [f"{sign} {schema[name]}" for name, sign in _BOUNDS.items() if name in schema]:
        words.append(f"({', '.join(bounds)})")
    return " ".join(filter(None, words))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    text = page(build_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("docs/fields.md differs from the models: run `make crds`")
