"""The generated CRD is structural, bounded and described everywhere."""

from collections.abc import Iterator
from typing import Any

import pytest

from gridfold.api.crd import build_crd

SCHEMA = build_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def walk(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from walk(below, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from walk(schema[word], f"{path}[]")


FIELDS = [(path, field) for part in ("spec", "status") for path, field in walk(SCHEMA["properties"][part], part)]


@pytest.mark.parametrize(("path", "field"), [f for f in FIELDS if not f[0].endswith("]")], ids=lambda v: str(v)[:60])
def test_every_field_teaches(path: str, field: dict[str, Any]) -> None:
    assert len(field.get("description", "")) >= 10
    assert "\n" not in field["description"]


@pytest.mark.parametrize(("path", "field"), FIELDS, ids=lambda v: str(v)[:60])
def test_every_string_list_map_and_number_is_bounded(path: str, field: dict[str, Any]) -> None:
    kind = field.get("type")
    if kind == "string":
        assert "maxLength" in field or "enum" in field
    elif kind == "array":
        assert "maxItems" in field
    elif kind == "integer" and path.startswith("spec"):
        assert "maximum" in field
    elif kind == "object" and "additionalProperties" in field:
        assert "maxProperties" in field
    elif kind is None:
        assert field["x-kubernetes-preserve-unknown-fields"] is True
    else:
        assert kind in {"object", "boolean", "integer"}


def test_every_plain_default_of_the_spec_is_told_because_kubectl_explain_shows_none() -> None:
    plain = [(path, field) for path, field in FIELDS if isinstance(field.get("default"), bool | int | str)]
    spec = [(path, field["description"]) for path, field in plain if path.startswith("spec")]
    assert len(spec) >= 30
    assert [path for path, told in spec if "Default: " not in told and "default " not in told] == []
    assert "Default: 5." in dict(spec)["spec.crossValidation.folds"]


def test_no_floating_point_number_stands_in_the_status() -> None:
    assert not [path for path, field in FIELDS if path.startswith("status") and field.get("type") == "number"]


def test_the_defaults_of_the_design_stand_in_the_schema() -> None:
    spec = SCHEMA["properties"]["spec"]["properties"]
    whole = {"train": 70, "validation": 15, "test": 15, "method": "Auto", "seed": 0}
    assert spec["split"]["default"] == whole
    assert [spec["split"]["properties"][part]["default"] for part in ("train", "validation", "test")] == [70, 15, 15]
    assert spec["crossValidation"]["properties"]["folds"]["default"] == 5
    assert "default" not in spec["scoring"]["properties"]["metrics"]


def test_people_see_state_reason_progress_best_objective_and_age() -> None:
    columns = build_crd()["spec"]["versions"][0]["additionalPrinterColumns"]
    names = [column["name"] for column in columns if column["priority"] == 0]
    assert names == ["State", "Reason", "Progress", "Best", "Objective", "Targets", "Age"]
    wide = [column["name"] for column in columns if column["priority"]]
    assert wide == ["Rows", "Failed", "Provider", "Expected", "Duration"]
