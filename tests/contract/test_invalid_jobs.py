"""The table of invalid documents leaves out no rule."""

from collections.abc import Iterator

from gridfold.api.base import ApiModel
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from tests.contract.invalid_jobs import REFUSED, broken


def models(base: type[ApiModel] = ApiModel) -> Iterator[type[ApiModel]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def test_every_rule_that_spans_fields_is_broken_by_a_document_of_the_table() -> None:
    rules = {rule.message for model in models() for rule in getattr(model, "rules", ())}
    told: set[str] = set()
    for _, _, edit in REFUSED:
        try:
            parse_training_job(broken(edit))
        except InvalidTrainingJobError as error:
            told |= {problem.rule for problem in error.problems}
    assert TrainingJob in set(models())
    assert len(rules) >= 13
    assert {rule for rule in rules if rule not in told} == set()
