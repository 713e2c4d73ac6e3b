"""The table of invalid documents leaves out no rule."""

from collections.abc import Iterator

from pydantic import ValidationError

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1 import TrainingJob
from tests.contract.invalid_jobs import REFUSED, broken


def models(base: type[ApiModel] = ApiModel) -> Iterator[type[ApiModel]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def broken_rules(model: ApiModel) -> Iterator[str]:
    """Yield the messages of the rules that a model and all below it break; what is told may say more."""
    yield from (rule.message for rule in model.rules if not rule.check(model))
    for name in type(model).model_fields:
        value = getattr(model, name)
        items = list(value.values()) if isinstance(value, dict) else value
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, ApiModel):
                yield from broken_rules(item)


def test_every_rule_that_spans_fields_is_broken_by_a_document_of_the_table() -> None:
    rules = {rule.message for model in models() for rule in getattr(model, "rules", ())}
    told: set[str] = set()
    for _, _, edit in REFUSED:
        try:
            told |= set(broken_rules(TrainingJob.model_validate(broken(edit))))
        except ValidationError:
            continue  # what one field alone must be is no rule
    assert TrainingJob in set(models())
    assert len(rules) >= 13
    assert {rule for rule in rules if rule not in told} == set()
