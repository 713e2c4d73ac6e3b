"""A document is a TrainingJob, or all of its problems are told at once."""

import pytest

from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from tests.contract.invalid_jobs import PASSWORD, REFUSED, UNACCEPTED, broken
from tests.unit.domain.world import document


@pytest.mark.parametrize(("path", "word", "edit"), REFUSED + UNACCEPTED)
def test_every_broken_rule_is_told_with_its_path(path: str, word: str, edit: object) -> None:
    with pytest.raises(InvalidTrainingJobError) as caught:
        parse_training_job(broken(edit))
    told = [problem for problem in caught.value.problems if problem.path == path]
    assert told, caught.value.problems
    assert word in told[0].rule
    assert PASSWORD not in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    raw = document()
    raw["spec"]["split"] = {"train": "many"}
    raw["spec"]["crossValidation"] = {"folds": 0}
    raw["spec"]["optput"] = {}
    with pytest.raises(InvalidTrainingJobError) as caught:
        parse_training_job(raw)
    assert {problem.path for problem in caught.value.problems} == {
        "spec.split.train",
        "spec.crossValidation.folds",
        "spec.optput",
    }


def test_a_text_that_does_not_match_is_told_what_would_not_a_pattern() -> None:
    raw = document()
    raw["spec"]["output"]["uri"] = "s3://models/job"
    with pytest.raises(InvalidTrainingJobError, match="must be a folder and end in a slash"):
        parse_training_job(raw)


def test_a_class_of_another_package_is_a_class_only_where_the_platform_allows_the_package() -> None:
    raw = document()
    raw["spec"]["estimator"]["className"] = "acme.models.Forest"
    for allowed in ((), ("acme.model",), ("models", "acme.models.forests")):
        with pytest.raises(InvalidTrainingJobError, match=r"estimator\.className is .*acme\.models\.Forest.*Prefixes"):
            parse_training_job(raw, allowed)
    for allowed in (("acme",), ("other", "acme.models")):
        assert parse_training_job(raw, allowed).spec.estimator.class_name == "acme.models.Forest"


def test_nulls_of_maps_are_dropped_and_nulls_of_grid_lists_are_kept() -> None:
    raw = document([{"max_depth": [None, 3]}])
    raw["spec"]["dataset"]["positiveClass"] = None
    raw["spec"]["split"] = None
    job = parse_training_job(raw)
    assert job.spec.search.grid == [{"max_depth": [None, 3]}]
    assert job.spec.split.train == 70


def test_defaults_are_those_of_the_design() -> None:
    spec = parse_training_job(document()).spec
    assert (spec.split.train, spec.split.validation, spec.split.test, spec.split.seed) == (70, 15, 15, 0)
    assert spec.cross_validation.folds == 5
    assert (spec.scoring.objective, spec.scoring.metrics) == (None, None)  # they depend on the kind of the estimator
    assert spec.cache_uri == "s3://models/job/cache/"


def test_a_shown_value_is_never_longer_than_256_characters() -> None:
    raw = document()
    raw["spec"]["dataset"]["target"] = "x" * 5000
    with pytest.raises(InvalidTrainingJobError) as caught:
        parse_training_job(raw)
    assert len(caught.value.problems[0].value) == 256
