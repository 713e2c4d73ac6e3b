"""Parameters that name columns: what a job is told, and where the columns are in each fold."""

import inspect
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsClassifier

from gridfold.api.column_parameters import COLUMN_PARAMETERS
from gridfold.api.handoff import decode_cells
from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, REGRESSORS, full_names
from gridfold_trainer.learning.column_checks import column_problems
from gridfold_trainer.learning.column_parameters import parameter_of, refusal
from gridfold_trainer.learning.estimators import load_class
from gridfold_trainer.learning.pipelines import build_pipeline, plain_pipeline
from tests.unit.trainer.data_jobs import run_prepare, stage_input

BOOSTING = "ensemble.HistGradientBoostingClassifier"
NATIVE = {"categorical": {"encode": "Native"}}
ORDINAL = {"categorical": {"encode": "Ordinal"}}


AGE, HEIGHT = Column("age", ColumnType.NUMERIC), Column("height", ColumnType.NUMERIC)
COLOUR = Column("colour", ColumnType.CATEGORICAL, ("blue", "green", "red"))
ANY = {"random_state": [0]}


def told(
    name: str, parameters: dict[str, Any], grid: Any = None, preprocessing: Any = None, *, data: bool = True
) -> str:
    """Return all that a job is told of the columns age, height and colour, or before it has read any `data`."""
    chosen = {"className": f"sklearn.{name}", "parameters": parameters, "preprocessing": preprocessing or {}}
    spec = stage_input(estimator=chosen, search={"grid": [grid or ANY]}).spec
    cls, columns, encode = load_class(spec.estimator.class_name), (AGE, HEIGHT, COLOUR), chosen["preprocessing"]
    found = column_problems(spec, cls, columns if data else None)
    encode = spec.estimator.preprocessing.categorical.encode
    return "\n".join(found) or refusal(cls, parameters, encode, columns) or ""


@pytest.mark.parametrize(
    ("name", "parameters", "grid", "words"),
    [
        (
            BOOSTING,
            {"categorical_features": [0, 2]},
            {},
            "0 is age, 2 is colour. .*write categorical_features: .age, colour.",
        ),
        (BOOSTING, {"categorical_features": [True, False, False]}, {}, "write categorical_features: .age."),
        (
            BOOSTING,
            {"categorical_features": ["age", 2]},
            {},
            "write categorical_features: .age, colour. with .*Ordinal",
        ),
        (BOOSTING, {"categorical_features": [9]}, {}, "it has 3 columns beside the target, no 9.: age, height, colour"),
        (BOOSTING, {"categorical_features": ["color"]}, {}, "the column .color.* did you mean colour"),
        (BOOSTING, {"categorical_features": ["0"]}, {}, "columns have names, not positions: age, height, colour"),
        (BOOSTING, {"categorical_features": ["y"]}, {}, "the column .y., .* there are age, height, colour"),
        (
            BOOSTING,
            {"categorical_features": [2]},
            {},
            "colour. with .*Ordinal, as colour .*; or encode: Native without it",
        ),
        (BOOSTING, {"monotonic_cst": [1, 0, 0]}, {}, "write monotonic_cst: .age: 1..$"),
        (
            BOOSTING,
            {"monotonic_cst": [0, 0, 1]},
            {},
            "colour: 1. with .*encode: Ordinal, as colour must stay one column",
        ),
        (BOOSTING, {"monotonic_cst": [0, 0, 0]}, {}, "none is named"),
        (BOOSTING, {"monotonic_cst": {"age": 2}}, {}, "monotonic_cst.age is 2; expected one of -1, 0, 1"),
        (
            BOOSTING,
            {},
            {"monotonic_cst": [None, [0, -1, 0]]},
            r"monotonic_cst\[1\] .*write monotonic_cst: .height: -1.",
        ),
        (BOOSTING, {}, {"interaction_cst": [[[0, 1], [2]]]}, "write interaction_cst: ..age, height., .colour.."),
        (BOOSTING, {"monotonic_cst": {"age": "1"}}, {}, "monotonic_cst.age is .1.; expected one of -1, 0, 1"),
        (BOOSTING, {"monotonic_cst": ["age"]}, {}, "expected a value for each name, such as .age: 1."),
        (BOOSTING, {}, {"categorical_features": ["height"]}, r"\[0\] is .height., a text; write .* as .height."),
        (
            "naive_bayes.MultinomialNB",
            {"alpha": {"age": True}},
            {"fit_prior": [True]},
            "alpha.age is true; expected a number",
        ),
        (BOOSTING, {"interaction_cst": ["age"]}, {}, "expected a list of lists of names, such as ..age, height.."),
        ("ensemble.RandomForestClassifier", {"monotonic_cst": [0, 1]}, {}, "write monotonic_cst: .height: 1."),
        ("naive_bayes.CategoricalNB", {"min_categories": [3, 0, 0]}, {"fit_prior": [True]}, "min_categories: .age: 3."),
        ("naive_bayes.ComplementNB", {"alpha": [1.0, 2.5]}, {"fit_prior": [True]}, "write alpha: .height: 2.5."),
        (
            "naive_bayes.BernoulliNB",
            {"alpha": {"age": 2}},
            {"fit_prior": [True]},
            "BernoulliNB takes one number for all",
        ),
        (
            "neighbors.KNeighborsClassifier",
            {"metric_params": {"w": [1, 2], "VI": [[1]]}},
            {"n_neighbors": [3]},
            "(?s)w is .*write w: .height: 2.*VI is a matrix .* choose a metric without one",
        ),
        ("neighbors.KNeighborsClassifier", {"metric_params": {"V": {"ages": 2}}}, {"p": [2]}, "did you mean age"),
        (BOOSTING, {"categorical_features": ["colour"]}, {}, "colour, of whose categories .*OneHot .* Ordinal"),
        (
            BOOSTING,
            {"monotonic_cst": {"colour": 1}},
            {},
            "OneHot makes columns of 0 and 1, for which it has no meaning",
        ),
    ],
)
def test_a_job_is_told_what_to_write(name: str, parameters: dict[str, Any], grid: dict[str, Any], words: str) -> None:
    assert re.search(words, told(name, parameters, grid))


@pytest.mark.usefixtures("frames")
def test_all_of_it_is_told_at_once_also_where_the_data_cannot_be_read(tmp_path: Path) -> None:
    parameters = {"monotonic_cst": [1], "categorical_features": ["hight"], "learning_rat": 1}
    job = {"estimator": {"className": f"sklearn.{BOOSTING}", "parameters": parameters}}
    with pytest.raises(DataError) as caught:
        run_prepare(tmp_path, **job, search={"grid": [{"interaction_cst": [[[0]]]}]})
    found = "".join(caught.value.problems)
    assert all(words in found for words in ("monotonic_cst: {age: 1}", "mean height", "learning_rate", "[[age]]"))
    with pytest.raises(DataError, match=r"(?s)no column of the data.*Write names, such as \{age: 1\}"):
        run_prepare(tmp_path, b"age\n1\n", **job)


@pytest.mark.parametrize(
    ("name", "parameters", "preprocessing", "words"),
    [
        (
            "ensemble.RandomForestClassifier",
            {},
            NATIVE,
            "RandomForestClassifier has no treatment of categories of its own",
        ),
        (
            BOOSTING,
            {"categorical_features": ["colour"]},
            NATIVE,
            "leave that out. For a column of numbers .*columnTypes",
        ),
        (BOOSTING, {"monotonic_cst": {"colour": 1}}, NATIVE, "colour, whose categories have no order"),
        (BOOSTING, {"max_bins": 2}, NATIVE, "at most 2 categories .*, but colour has 3"),
        (BOOSTING, {"max_bins": 2, "categorical_features": ["colour"]}, ORDINAL, "at most 2 .*, but colour has 3"),
    ],
)
def test_native_is_refused_with_its_reason(
    name: str, parameters: dict[str, Any], preprocessing: dict[str, Any], words: str
) -> None:
    assert re.search(words, told(name, parameters, preprocessing=preprocessing))


@pytest.mark.usefixtures("frames")
def test_cells_in_which_a_name_has_no_meaning_are_infeasible_and_others_are_not(tmp_path: Path) -> None:
    report = run_prepare(
        tmp_path,
        estimator={"className": f"sklearn.{BOOSTING}", "parameters": {"monotonic_cst": {"colour": 1}}},
        search={"grid": [{"preprocessing.categorical.encode": ["OneHot", "Ordinal", "Native"]}]},
    )
    assert len(decode_cells(report.infeasible, report.total)) == 2
    assert all("monotonic_cst names colour" in warning for warning in report.warnings)


def test_every_array_with_a_value_for_each_column_is_known() -> None:
    found = set()
    for name in sorted(full_names(CLASSIFIERS) | full_names(REGRESSORS)):
        cls = load_class(name)
        documented = (inspect.getdoc(cls) or "").partition("\nAttributes")[0]
        for line in re.findall(r"^(\w+) ?: ?(.*(?:\\\n.*)?)", documented, re.MULTILINE):
            if "n_features" in line[1] and line[0] in cls._get_param_names():
                found.add(line[0])
                assert (
                    line[0] == "precompute" or name.endswith("BernoulliNB") or parameter_of(cls, line[0]) is not None
                ), (name, line)
    assert found == {"alpha", "categorical_features", "min_categories", "monotonic_cst", "precompute"}
    assert found - {"precompute"} < COLUMN_PARAMETERS.keys()


NUMBER, TEXT = ColumnType.NUMERIC, ColumnType.CATEGORICAL
COLUMNS = (
    Column("colour", TEXT, ("blue", "green", "red")),
    Column("size", NUMBER),
    Column("gone", NUMBER),
    Column("shape", TEXT, ("ball", "cube")),
    Column("age", NUMBER),
)
CHOICES = {
    "numeric": {"impute": "Median", "scale": "Standard"},
    "categorical": {"impute": "MostFrequent", "encode": "OneHot"},
}


def rows() -> tuple[np.ndarray, np.ndarray]:
    """Return rows in which a column of numbers has no value at all, so that the imputer drops it."""
    random = np.random.default_rng(3)
    X = np.asfortranarray(random.normal(size=(80, 5)))
    X[:, 0], X[:, 3] = random.integers(0, 3, 80), random.integers(0, 2, 80)
    X[:, 2] = np.nan
    y = ((X[:, 0] == 1) | (X[:, 1] + X[:, 4] > 1)).astype(np.int64)
    return X, y


def frame(X: np.ndarray) -> Any:
    """Return the rows as the last model sees them."""
    import pandas as pd

    found = pd.DataFrame(X, columns=[column.name for column in COLUMNS])
    for column in COLUMNS:
        if column.type is TEXT:
            texts = pd.Series([column.categories[int(code)] for code in found[column.name]], dtype=object)
            found[column.name] = texts
    return found


def fitted(estimator: Any, *, names: bool = False, **choices: str) -> Any:
    chosen = {**CHOICES, "categorical": {**CHOICES["categorical"], **choices}}
    X, y = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the column without a value
        return clone(build_pipeline(estimator, COLUMNS, chosen, names=names)).fit(frame(X) if names else X, y)


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize(
    ("estimator", "encode", "parameter", "right"),
    [
        # the matrix: size, age, (gone is dropped), then blue, green, red, ball, cube; or two columns of codes
        (
            RandomForestClassifier(2, monotonic_cst={"age": 1, "gone": -1}),
            "OneHot",
            "monotonic_cst",
            [0, 1, 0, 0, 0, 0, 0],
        ),
        (
            HistGradientBoostingClassifier(max_iter=1, monotonic_cst={"shape": -1}),
            "Ordinal",
            "monotonic_cst",
            [0, 0, 0, -1],
        ),
        (
            HistGradientBoostingClassifier(max_iter=1, interaction_cst=[["age", "shape"], ["colour", "gone"]]),
            "OneHot",
            "interaction_cst",
            [[1, 5, 6], [2, 3, 4]],
        ),
        (
            HistGradientBoostingClassifier(max_iter=1, categorical_features=["shape"]),
            "Ordinal",
            "categorical_features",
            [False, False, False, True],
        ),
        (HistGradientBoostingClassifier(max_iter=1), "Native", "categorical_features", [False, False, True, True]),
        (
            KNeighborsClassifier(metric_params={"w": {"colour": 3, "age": 0}}),
            "OneHot",
            "metric_params",
            {"w": [1.0, 0, 3, 3, 3, 1.0, 1.0]},
        ),
    ],
)
def test_names_become_positions_of_the_matrix_that_the_fold_makes(
    estimator: Any, encode: str, parameter: str, right: Any, names: bool
) -> None:
    assert fitted(estimator, names=names, encode=encode)[-1].get_params()[parameter] == right


def test_native_is_the_ordinal_encoder_and_the_mask_of_plain_scikit_learn() -> None:
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    X, y = rows()
    X[:, 2], X[::7, 0] = np.arange(80), np.nan
    unseen = X.copy()
    unseen[:, 3] = 9
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    plain = make_pipeline(
        ColumnTransformer([("numeric", "passthrough", [1, 2, 4]), ("categorical", encoder, [0, 3])]),
        HistGradientBoostingClassifier(max_iter=9, categorical_features=[False] * 3 + [True] * 2),
    ).fit(X, y)
    chosen = {
        "numeric": {"impute": "None", "scale": "None"},
        "categorical": {"impute": "None", "encode": "Native"},
    }
    ours = build_pipeline(HistGradientBoostingClassifier(max_iter=9), COLUMNS, chosen, names=False).fit(X, y)
    for some in (X, unseen):
        assert ours.predict_proba(some).tobytes() == plain.predict_proba(some).tobytes()


def test_a_fitted_model_is_a_pipeline_of_scikit_learn_alone() -> None:
    model = plain_pipeline(fitted(HistGradientBoostingClassifier(max_iter=1), encode="Native"))
    assert type(model).__module__ == "sklearn.pipeline"
    with pytest.warns(UserWarning, match="without any observed values"):
        assert model.predict(rows()[0]).shape == (80,)


def test_too_many_values_of_a_column_of_numbers_are_told_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"at most 20 .*, but age has 80; take it out of categorical_features"):
        fitted(HistGradientBoostingClassifier(max_iter=1, categorical_features=["age"], max_bins=20), encode="Ordinal")


def test_min_categories_are_of_the_named_columns() -> None:
    X, y = np.array([[0.0, 1], [1, 0], [1, 1], [0, 0]]), np.array([0, 1, 0, 1])
    columns = (Column("colour", TEXT, ("a", "b")), Column("shape", TEXT, ("a", "b")))
    chosen = {**CHOICES, "categorical": {"impute": "None", "encode": "Ordinal"}}
    model = build_pipeline(CategoricalNB(min_categories={"shape": 5}), columns, chosen, names=False).fit(X, y)
    assert model[-1].n_categories_.tolist() == [2, 5]


def test_a_parameter_that_only_sounds_so_says_nothing_of_columns() -> None:
    ridge = load_class("sklearn.linear_model.Ridge")
    assert parameter_of(ridge, "alpha") is None
    assert refusal(ridge, {"alpha": 3}, "OneHot", COLUMNS) is None
