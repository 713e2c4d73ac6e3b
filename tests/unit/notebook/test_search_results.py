"""A run's table is what scikit-learn's own search has: its keys in their order, types, masks and digits."""

import csv
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from gridfold_notebook.search_results import cv_results, typed_columns

GRIDS: list[tuple[Any, Any]] = [
    (SVC(), [{"C": [0.1, 10], "kernel": ["rbf"]}, {"C": [1], "kernel": ["linear"], "shrinking": [True, False]}]),
    (DecisionTreeClassifier(random_state=0), {"max_depth": [1, None, 3], "min_samples_leaf": [1, 0.1]}),
    (SVC(), {"class_weight": [None, {0: 1, 1: 2}], "C": [1, 2]}),
    (DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}),
]


def table_of(found: dict[str, Any]) -> bytes:
    """Return a search's results as refit writes them, with columns that scikit-learn does not have."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    cells = len(found["params"])
    writer.writerow(["index", *found, "shared", "outcome", "error"])
    for cell in range(cells):
        row = []
        for name, values in found.items():
            value = values[cell]
            if name == "params":
                row.append(json.dumps({key: keyed(one) for key, one in value.items()}))
            elif name.startswith("param_"):
                row.append("" if value is np.ma.masked else "a text that is not read")
            else:
                row.append("" if math.isnan(value) else repr(value.item()))
        writer.writerow([cell, *row, "", "succeeded", 'it said: "no",\nand more'])
    return text.getvalue().encode()


def keyed(value: Any) -> Any:
    return {str(key): one for key, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(("estimator", "grid"), GRIDS, ids=["lists of grids", "mixed types", "dicts", "whole numbers"])
def test_keys_types_masks_and_values_are_those_of_grid_search_cv(estimator: Any, grid: Any) -> None:
    X, y = make_classification(80, 4, random_state=0)
    search = GridSearchCV(estimator, grid, scoring=["accuracy", "f1"], refit=False, cv=3).fit(X, y)
    theirs = search.cv_results_
    mine = cv_results(table_of(theirs))
    assert list(mine) == list(theirs)
    for name, values in theirs.items():
        if name == "params":
            assert mine[name] == [{key: keyed(one) for key, one in chosen.items()} for chosen in values]
            continue
        assert type(mine[name]) is type(values)
        assert (mine[name].dtype, mine[name].shape) == (values.dtype, values.shape)
        if name.startswith("param_"):
            assert np.ma.getmaskarray(mine[name]).tolist() == np.ma.getmaskarray(values).tolist()
            assert [keyed(one) for one in mine[name].tolist()] == [keyed(one) for one in values.tolist()]
        else:
            assert np.array_equal(mine[name], values, equal_nan=True)


def test_a_text_with_line_ends_of_unicode_stays_in_its_row() -> None:
    text = "one\x0ctwo\u2028three\x85four"
    found = typed_columns(f'index,params,mean_test_f1,error\n0,"{{}}",0.5,{text}\n1,"{{}}",,\n'.encode())
    assert found["error"] == [text, None]
    assert found["index"] == [0, 1] and found["mean_test_f1"][0] == 0.5 and math.isnan(found["mean_test_f1"][1])


def test_a_cell_without_scores_has_nan_as_in_scikit_learn() -> None:
    names = "index,mean_fit_time,param_C,params,split0_test_f1,mean_test_f1,std_test_f1,rank_test_f1,outcome\n"
    found = cv_results(
        (names + '0,0.5,1,"{""C"": 1}",0.25,0.25,0.0,1,succeeded\n' + '1,,2,"{""C"": 2}",,,,2,failed\n').encode()
    )
    assert found["split0_test_f1"][0] == 0.25 and math.isnan(found["split0_test_f1"][1])
    assert math.isnan(found["mean_fit_time"][1])
    assert found["rank_test_f1"].tolist() == [1, 2]
    assert "outcome" not in found and "index" not in found
