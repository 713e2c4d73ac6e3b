"""Who wrote a class without its module, with another or with a slip is told the full name to write."""

import pytest

from gridfold.api.known_estimators import ESTIMATORS, NOT_FOR_JOBS, full_name_advice
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, EXCLUDED, REGRESSORS, full_names
from tests.unit.cli.jobs import document, with_spec


def test_the_names_are_those_that_the_trainer_knows() -> None:
    allowed = full_names(CLASSIFIERS) | full_names(REGRESSORS)
    assert allowed <= set(ESTIMATORS.values())
    assert set(ESTIMATORS.values()) <= allowed | set(EXCLUDED)
    short = {name.rpartition(".")[2] for name in allowed | set(EXCLUDED)}
    assert NOT_FOR_JOBS | set(ESTIMATORS) == short


def problem_of(class_name: object) -> str:
    with pytest.raises(InvalidTrainingJobError) as raised:
        parse_training_job(with_spec(document(), estimator={"className": class_name}))
    [problem] = raised.value.problems
    return str(problem)


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_following_the_advice_for_a_bare_class_name_helps(name: str) -> None:
    advice = problem_of(name)
    assert advice.endswith(f"; write {ESTIMATORS[name]}")
    parse_training_job(with_spec(document(), estimator={"className": advice.rpartition("write ")[2]}))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("randomforestclassifier", "write sklearn.ensemble.RandomForestClassifier"),
        ("RandomForestClassifier()", "write sklearn.ensemble.RandomForestClassifier"),
        ("from sklearn.svm import SVC", "write sklearn.svm.SVC"),
        (
            "RandomForest",
            "did you mean sklearn.ensemble.RandomForestClassifier or sklearn.ensemble.RandomForestRegressor?",
        ),
        ("LogisticRegresion", "did you mean sklearn.linear_model.LogisticRegression"),
        ("ensemble.RandomForestClassifier", "write sklearn.ensemble.RandomForestClassifier"),
        ("scikit.svm.SVC", "write sklearn.svm.SVC"),
        ("XGBClassifier", "write xgboost.XGBClassifier"),
        ("xgboost.XGBClassifier", "for `gridfold run` by GRIDFOLD_ESTIMATOR_PREFIXES=xgboost"),
        ("xgboost.sklearn.XGBClassifier", "write xgboost.XGBClassifier"),
        ("lightgbm.LGBMRegressor", "trainer.estimatorPrefixes"),
        ("StackingClassifier", "StackingClassifier is none that a job can name: docs/estimators.md says why"),
        ("os.system", "must be a classifier or regressor of scikit-learn, such as sklearn.svm.SVC"),
        ("???", "must be the full name of a class, such as sklearn.svm.SVC"),
        (["SVC"], "string"),
    ],
)
def test_other_spellings_are_understood(written: object, words: str) -> None:
    assert words in problem_of(written)


def test_nothing_is_advised_that_resembles_no_estimator() -> None:
    assert full_name_advice("KMeans") == full_name_advice("") == full_name_advice(None) == ""
