"""The page of the chart's values: each is described, and values and schema have the same ones."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts/gridfold"
SCHEMA: dict[str, Any] = {
    "definitions": {"names": {"type": "array"}},
    "properties": {
        "level": {"enum": ["INFO", "DEBUG"]},
        "group": {"type": "object", "properties": {"names": {"$ref": "#/definitions/names"}}},
        "size": {"type": ["integer", "null"], "minimum": 1},
        "resources": {"type": "object"},
    },
}
VALUES = """\
# -- How much the log
# tells.
level: INFO
# A group of values.
group:
  # -- Names | of Secrets. Such as:
  #   - name: one
  names: []
# -- Bytes.
size: null
# -- Of the pod.
resources:
  requests: {cpu: 50m}
"""


def script() -> Any:
    spec = importlib.util.spec_from_file_location("chart_readme", ROOT / "hack/chart_readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "chart_readme", module)  # dataclasses look there
        spec.loader.exec_module(module)
    return module


CHART_README = script()


def rows(page: str) -> list[str]:
    return page[page.index("| --- |") :].splitlines()[1:]


def test_a_value_is_told_with_its_type_its_default_and_its_description() -> None:
    assert rows(CHART_README.page(VALUES, SCHEMA, ">=1.31")) == [
        '| `level` | `INFO`, `DEBUG` | `"INFO"` | How much the log tells. |',
        "| `group.names` | array | `[]` | Names \\| of Secrets. |",
        "| `size` | integer or null ≥ 1 | `null` | Bytes. |",
        '| `resources` | object | `{"requests": {"cpu": "50m"}}` | Of the pod. |',
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# -- Bytes.\n", "", r"values.yaml: size has no description: put `# -- …` above it"),
        ("# -- Bytes.\n", "# Bytes.\n", r"values.yaml: size has no description"),
        ("size: null", "sise: null", r"values.yaml: size is not there, but in values.schema.json"),
        ("size: null", "size: null\n# -- X.\nmore: 1", r"values.schema.json: more is not there, but in values.yaml"),
    ],
)
def test_what_is_not_described_or_not_on_both_sides_is_named(old: str, new: str, words: str) -> None:
    with pytest.raises(CHART_README.UndescribedError, match=words):
        CHART_README.page(VALUES.replace(old, new), SCHEMA, "")


def test_the_charts_own_page_has_every_value() -> None:
    page = (CHART / "README.md").read_text("utf-8")
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    assert [name for name in values if f"| `{name}" not in page] == []
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    assert schema["properties"].keys() - {"global"} == values.keys()
    assert len(rows(page)) > 40
