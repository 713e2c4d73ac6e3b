"""Write charts/gridfold/README.md from the values and their schema; with --check fail on a difference instead."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parent.parent / "charts" / "gridfold"
TARGET = CHART / "README.md"
#: Before the description of a value in its comment; a comment without it is about a group of values.
MARK = "-- "
KEY = re.compile(r"^(?P<indent> *)(?P<name>[A-Za-z]\w*):(?: |$)")
HEAD = """# Gridfold's chart

Installs the operator that runs TrainingJobs. [docs/install.md](../../docs/install.md) goes the whole way, from the
images to a tenant's first job. Needs Kubernetes {kubernetes}.

```sh
helm install gridfold charts/gridfold --namespace gridfold-system --create-namespace --values values.yaml
```

Values are checked against [values.schema.json](values.schema.json): a misspelt one is refused. Longer examples, of
providers of nodes, stand in [values.yaml](values.yaml).

| value | type | default | what |
| --- | --- | --- | --- |
"""


class UndescribedError(Exception):
    """A value has no description, or is not in the schema, or the other way round."""


@dataclass(frozen=True)
class Value:
    """One value that a user may set."""

    path: tuple[str, ...]
    default: Any
    words: str


def values_of(text: str) -> Iterator[Value]:
    """Yield every value with its description, a group that is described as a whole as one value.

    Raises:
        UndescribedError: one has none.
    """
    defaults = yaml.safe_load(text)
    path: list[str] = []
    comment: list[str] = []
    whole: tuple[str, ...] = ()
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip().removeprefix("#").removeprefix(" "))
            continue
        if found := KEY.match(line):
            path[len(found["indent"]) // 2 :] = [found["name"]]
            here, default = tuple(path), _at(defaults, path)
            if whole and here[: len(whole)] == whole:
                pass
            elif comment and comment[0].startswith(MARK):
                whole = here
                yield Value(here, default, _told(comment))
            elif not isinstance(default, dict) or not default:
                raise UndescribedError(f"values.yaml: {'.'.join(here)} has no description: put `# {MARK}…` above it")
        comment = []


def _at(document: Any, path: list[str]) -> Any:
    for name in path:
        document = document[name]
    return document


def _told(comment: list[str]) -> str:
    """Return a description without its examples, which are indented, and without the words that lead to them."""
    plain = []
    for line in comment:
        if line.startswith(" "):
            break
        plain.append(line)
    words = " ".join(" ".join(plain).removeprefix(MARK).split())
    return re.sub(r" [^.]*:$", "", words).replace("|", "\\|").replace("<", "&lt;")


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a schema with its reference followed."""
    reference = node.get("$ref")
    if reference is None:
        return node
    found: dict[str, Any] = schema["definitions"][reference.rpartition("/")[2]]
    return found


def type_of(schema: dict[str, Any], path: tuple[str, ...]) -> str:
    """Return what a value may be, in words.

    Raises:
        UndescribedError: the schema does not have it.
    """
    node = schema
    for name in path:
        try:
            node = resolved(schema, node["properties"][name])
        except KeyError:
            raise UndescribedError(f"values.schema.json: {'.'.join(path)} is not there, but in values.yaml") from None
    if "enum" in node:
        return ", ".join(f"`{one}`" for one in node["enum"])
    types = node["type"] if isinstance(node["type"], list) else [node["type"]]
    bounds = [f"{words} {node[name]}" for name, words in (("minimum", "≥"), ("maximum", "≤")) if name in node]
    return " ".join([" or ".join(types), *bounds])


def leaves_of(schema: dict[str, Any], node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every value that a schema has."""
    for name, child in node.get("properties", {}).items():
        found = resolved(schema, child)
        if found.get("properties"):
            yield from leaves_of(schema, found, (*path, name))
        elif name != "global":  # Helm's own
            yield (*path, name)


def page(values_text: str, schema: dict[str, Any], kubernetes: str) -> str:
    """Return the page.

    Raises:
        UndescribedError: values, their descriptions and the schema do not fit together.
    """
    values = [*values_of(values_text)]
    known = {value.path for value in values}
    for leaf in leaves_of(schema, schema):
        if not any(leaf[: len(path)] == path for path in known):
            raise UndescribedError(f"values.yaml: {'.'.join(leaf)} is not there, but in values.schema.json")
    told = "<!-- Generated from values.yaml and values.schema.json by `make crds`. Do not edit. -->\n"
    return told + HEAD.format(kubernetes=kubernetes) + "".join(_row(schema, value) for value in values)


def _row(schema: dict[str, Any], value: Value) -> str:
    default = json.dumps(value.default)
    return f"| `{'.'.join(value.path)}` | {type_of(schema, value.path)} | `{default}` | {value.words} |\n"


def _page_of_the_chart() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    kubernetes = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))["kubeVersion"]
    return page((CHART / "values.yaml").read_text("utf-8"), schema, kubernetes.removesuffix("-0"))


if __name__ == "__main__":
    try:
        text = _page_of_the_chart()
    except UndescribedError as error:
        sys.exit(str(error))
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("charts/gridfold/README.md differs from the chart's values: run `make crds`")
