"""Limits of tenants: the operator, the chart's schema, the comment of its values and the page have the same ones."""

import json
import re
from pathlib import Path

import pytest
import yaml
from pydantic.alias_generators import to_camel

from gridfold.domain.tenancy.settings import PlaceSettings, TenancySettings

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts/gridfold"
NAMES = {to_camel(field) for field in PlaceSettings.model_fields}
PAGE = (ROOT / "docs/tenancy.md").read_text("utf-8")


def commented() -> str:
    """Return the example of `tenancy.all` in the comment of the values."""
    text = (CHART / "values.yaml").read_text("utf-8")
    told = text[text.index("# All there are, for example:") : text.index("\n  all: {}")]
    return "\n".join(line.removeprefix("  #") for line in told.splitlines()[1:])


def test_schema_and_page_have_the_limits_that_the_operator_has() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    assert schema["definitions"]["limits"]["properties"].keys() == NAMES
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == NAMES


@pytest.mark.parametrize(
    "values",
    [
        yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[0])["tenancy"],
        {"all": yaml.safe_load(commented())},
    ],
    ids=["page", "values.yaml"],
)
def test_an_example_names_every_limit_and_is_understood(values: dict[str, dict[str, object]]) -> None:
    assert values["all"].keys() == NAMES
    TenancySettings.model_validate(values)
