"""A Pipeline becomes the job that computes the same numbers, or is refused with what a job would do otherwise."""

from typing import Any

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from gridfold.domain.grid import Grid
from gridfold_notebook.columns import Column
from gridfold_notebook.grids import cells_of, grid_of
from gridfold_notebook.pipelines import Parts, parts_of

COLUMNS = [Column("a", None, "Numeric"), Column("city", None, "Categorical"), Column("b", None, "Numeric")]
ONE_HOT = OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def columns_transformed(*parts: Any, **more: Any) -> Pipeline:
    return Pipeline([("prep", ColumnTransformer(list(parts), **more)), ("clf", SVC())])


def test_a_pipeline_is_said_as_preprocessing_and_its_parameters_as_axes() -> None:
    problems: list[str] = []
    numbers = Pipeline([("imp", SimpleImputer(strategy="median")), ("sc", StandardScaler())])
    parts = parts_of(columns_transformed(("num", numbers, ["a", "b"]), ("cat", ONE_HOT, [1])), None, COLUMNS, problems)
    assert parts.preprocessing == {
        "numeric": {"impute": "Median", "scale": "Standard"},
        "categorical": {"impute": "None", "encode": "OneHot"},
    }
    grid = {
        "prep__num__sc": ["passthrough", MinMaxScaler()],
        "clf__kernel": ["rbf", "linear"],
        "prep__num__imp__strategy": ["mean"],
        "clf__C": [1.0],
    }
    found = grid_of(grid, parts, {}, problems)
    assert not problems
    said = Grid.of(found)
    scales = {"None": "passthrough", "MinMax": MinMaxScaler()}
    candidates = [
        {
            "clf__C": cell["C"],
            "clf__kernel": cell["kernel"],
            "prep__num__imp__strategy": cell["preprocessing.numeric.impute"].lower(),
            "prep__num__sc": scales[cell["preprocessing.numeric.scale"]],
        }
        for cell in said
    ]
    assert repr(candidates) == repr(cells_of(grid)) and len(candidates) == 4


def test_cells_are_in_the_order_of_the_names_that_the_user_gave() -> None:
    problems: list[str] = []
    parts = parts_of(make_pipeline(StandardScaler(), SVC()), None, COLUMNS[:1], problems)
    grid = {"standardscaler": ["passthrough", StandardScaler()], "svc__C": [1, 2], "svc__gamma": [3, 4]}
    cells = Grid.of(grid_of(grid, parts, {}, problems))
    assert [(cell["preprocessing.numeric.scale"], cell["C"], cell["gamma"]) for cell in cells] == [
        ("None" if cell["standardscaler"] == "passthrough" else "Standard", cell["svc__C"], cell["svc__gamma"])
        for cell in cells_of(grid)
    ]
    plain = {"shrinking": [True, False], "preprocessing.numeric.scale": ["None", "Robust"]}
    assert list(Grid.of(grid_of(plain, Parts(SVC()), {}, problems))) == cells_of(plain)
    assert not problems


@pytest.mark.parametrize(
    ("pipeline", "told"),
    [
        (columns_transformed(("cat", ONE_HOT, ["city"]), ("num", StandardScaler(), ["a", "b"])), "numbers first"),
        (columns_transformed(("num", StandardScaler(), ["b", "a"]), ("cat", ONE_HOT, ["city"])), "the order of X"),
        (columns_transformed(("num", StandardScaler(), ["a", "b"])), "takes all columns"),
        (columns_transformed(("all", StandardScaler(), ["a", "city"])), "of numbers and of texts"),
        (columns_transformed(("cat", OneHotEncoder(), ["city"])), "sparse_output=False"),
        (columns_transformed(("cat", "passthrough", ["city"])), "expected OneHotEncoder"),
        (columns_transformed(("num", StandardScaler(with_mean=False), ["a", "b"])), "without parameters"),
        (columns_transformed(("num", SimpleImputer(strategy="constant"), ["a", "b"])), "strategy='constant'"),
        (columns_transformed(("num", SimpleImputer(add_indicator=True), ["a"])), "no parameter but strategy"),
        (columns_transformed(("num", StandardScaler(), slice("a", "b"))), "slice('a', 'b', None) chooses columns"),
        (
            columns_transformed(("num", StandardScaler(), ["a", "bee"])),
            "X has no columns ['bee']; expected some of ['a'",
        ),
        (columns_transformed(("num", StandardScaler(), [0, 7])), "list index out of range"),
        (columns_transformed(("n", StandardScaler(), ["a"]), transformer_weights={"n": 2}), "transformer_weights"),
        (make_pipeline(StandardScaler(), StandardScaler(), MinMaxScaler(), SVC()), "it has 3 steps"),
        (make_pipeline(StandardScaler(), SimpleImputer(), SVC()), "StandardScaler(); expected a SimpleImputer"),
        (make_pipeline(StandardScaler(), SVC()), "those of numbers first, then those of texts"),
    ],
)
def test_a_pipeline_that_a_job_would_not_compute_alike_is_refused(pipeline: Pipeline, told: str) -> None:
    problems: list[str] = []
    parts_of(pipeline, None, COLUMNS, problems)
    assert len(problems) == 1 and problems[0].startswith("estimator is a Pipeline that a job cannot say: ")
    assert told in problems[0]


@pytest.mark.parametrize("chosen", [["a", "b"], [0, -1], slice(0, 3, 2), [True, False, True], lambda X: X["numbers"]])
def test_columns_may_be_chosen_as_scikit_learn_lets_one(chosen: Any) -> None:
    problems: list[str] = []
    pipeline = columns_transformed(("num", MinMaxScaler(), chosen), ("cat", ONE_HOT, "city"))
    parts = parts_of(pipeline, {"numbers": ["a", "b"]}, COLUMNS, problems)
    assert not problems and parts.preprocessing is not None
    assert parts.preprocessing["numeric"] == {"impute": "None", "scale": "MinMax"}
    assert sorted(parts.axes) == ["prep__cat", "prep__num"]
