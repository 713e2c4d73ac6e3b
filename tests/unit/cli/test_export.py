"""`gridfold export`: what stands in a script, and how its parts are laid out."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.validation import parse_training_job
from gridfold_export.fragments import load
from gridfold_export.literals import Call, Name, assign, quoted
from gridfold_export.patterns import to_regex
from tests.oracle.exported import script_of
from tests.unit.cli.conftest import Gridfold
from tests.unit.cli.jobs import document, with_spec

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=6).map(tuple),
        st.dictionaries(st.text(), inner, max_size=6),
    ),
    max_leaves=40,
)


def script(**sections: Any) -> str:
    return script_of(parse_training_job(with_spec(document(), **sections)))


def data(**dataset: Any) -> dict[str, Any]:
    return {"sources": [{"uri": "file:data.csv"}], "target": "y", **dataset}


def estimator(name: str, **parameters: Any) -> dict[str, Any]:
    return {"className": f"sklearn.{name}", "parameters": parameters}


@given(value=VALUES)
def test_a_value_reads_back_from_its_code(value: Any) -> None:
    assert ast.literal_eval(assign("", value).removeprefix(" = ")) == value


@given(text=st.text())
def test_a_text_is_one_literal_on_one_line(text: str) -> None:
    code = quoted(text)
    assert ast.literal_eval(code) == text
    assert "\n" not in code


@pytest.mark.parametrize(
    ("name", "parameters", "grid", "words"),
    [
        ("svm.SVC", {"class_weight": {"a": 1}}, {"C": [1]}, 'class_weight=code_weights({"a": 1})'),
        ("dummy.DummyClassifier", {}, {"constant": ["a"]}, '{"estimator__constant": [code_of("a")]}'),
        ("dummy.DummyClassifier", {"constant": 1}, {"strategy": ["constant"]}, 'constant=code_of("1")'),
        ("dummy.DummyClassifier", {"constant": True}, {"strategy": ["constant"]}, 'constant=code_of("1")'),
        ("dummy.DummyClassifier", {}, {"constant": [[2]]}, '{"estimator__constant": [[code_of("2")]]}'),
        ("neighbors.RadiusNeighborsClassifier", {"outlier_label": "b"}, {"p": [1]}, 'outlier_label=code_of("b")'),
    ],
)
def test_what_names_a_class_names_its_code_in_the_script(
    name: str, parameters: dict[str, Any], grid: dict[str, Any], words: str
) -> None:
    found = script(estimator=estimator(name, **parameters), search={"grid": [grid]})
    assert words in found
    assert found.count("def code_of") == 1


@pytest.mark.parametrize(
    ("classes", "codes", "weights"),
    [
        ([1, 2, 10], {"1.0": 0, "02": 1, "10": 2, "3": "3", "x": "x"}, {"1": 5, "10": 1}),
        (["1", "2", "x"], {"1": 0, "x": 2, "1.0": "1.0", "3": "3"}, {"1": 5, "x": 1}),
    ],
)
def test_a_script_finds_classes_as_prepare_does_and_refuses_what_is_none(
    classes: list[Any], codes: dict[str, Any], weights: dict[str, int]
) -> None:
    names: dict[str, Any] = {"classes": classes}
    exec(load("code_of").code + "\n" + load("label_weights").code, names)
    assert {label: names["code_of"](label) for label in codes} == codes
    assert names["code_weights"](weights) == {0: 5, 2: 1}
    assert names["code_weights"]({**weights, "none": 1}) == "an unknown class"


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("neighbors.RadiusNeighborsClassifier", {"outlier_label": "most_frequent"}, 'outlier_label="most_frequent"'),
        ("dummy.DummyRegressor", {"constant": 1}, "constant=1"),
        ("svm.SVC", {"class_weight": "balanced"}, 'class_weight="balanced"'),
    ],
)
def test_what_names_no_class_stays_as_it_is(name: str, parameters: dict[str, Any], words: str) -> None:
    grid = [{"preprocessing.numeric.scale": ["None"]}]
    found = script(estimator=estimator(name, **parameters), search={"grid": grid})
    assert words in found
    assert "=code_of" not in found


def test_values_are_laid_out_as_ruff_lays_them_out(tmp_path: Path) -> None:
    long = [f"column {number}" for number in range(20)]
    calls = [
        Call("f"),
        Call("f", (1,), {"name": "it's"}),
        Call("function", (long,)),
        Call("function", (Name("x"), long), {"more": tuple(long), "last": {"a": long, "b": ("one",)}}),
        ["'", '"', "\\", "both ' and \"", "\x00\n", "é" * 90],
        (1,),
        {"key": [], "other": {}},
    ]
    path = tmp_path / "code.py"
    path.write_text("\n".join(assign("value", call) for call in calls) + "\n", encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(ruff, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("word", "dataset"),
    [
        ("target", data(target='y"); import os; ("')),
        ("column", data(excludeColumns=['""" + __import__("os").abort() + """', "\\"])),
        ("marker", data(csv={"missingValues": ["'", '"', "\n#", "{}", "$target"]})),
        ("class", data(positiveClass='1"]\nraise SystemExit("no")')),
        ("source", data(sources=[{"uri": 'file:a"; b.csv'}, {"uri": "https://host/$x/${y}.csv?a='\""}])),
    ],
)
def test_what_a_job_says_is_data_in_its_script_and_never_code(word: str, dataset: dict[str, Any]) -> None:
    found = ast.parse(script(dataset=dataset))
    names = {node.id for node in ast.walk(found) if isinstance(node, ast.Name)}
    called = {node.func.attr for node in ast.walk(found) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert not names & {"os", "__import__"}
    assert "abort" not in called
    raised = [node for node in ast.walk(found) if isinstance(node, ast.Raise)]
    assert len(raised) == 1, "only the script's own"


def test_a_script_has_only_the_parts_that_its_job_needs() -> None:
    plain = script()
    for part in ("drop_duplicates", "groups", "time", "code_of", "weights", "Randomized", "boto3", "glob", "verified"):
        assert part not in plain
    regression = script(estimator=estimator("linear_model.Ridge"), search={"grid": [{"alpha": [1]}]})
    for part in ("classes", "labels", "average", "Stratified"):
        assert part not in regression


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("https://host/a.csv.gz?signature=1", True),
        ("https://host/a.csv.gz", False),
        ("https://host/a.csv?name=x.gz", False),
        ("s3://bucket/a.csv.gz", True),
        ("file:a.csv.gz", False),
    ],
)
def test_the_compression_is_named_where_pandas_cannot_see_it(uri: str, named: bool) -> None:
    assert ('compression="gzip"' in script(dataset=data(sources=[{"uri": uri}]))) == named


def test_a_script_never_imports_gridfold() -> None:
    modules = [node for node in ast.walk(ast.parse(script())) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert modules
    assert not any("gridfold" in ast.unparse(node) for node in modules)


def test_a_seed_that_the_job_leaves_open_stands_in_the_script() -> None:
    forest = "ensemble.RandomForestClassifier"
    split = {"seed": 77}
    grid = {"grid": [{"max_depth": [1, 2]}]}
    assert "RandomForestClassifier(random_state=77)" in script(estimator=estimator(forest), split=split, search=grid)
    given = estimator(forest, random_state=3)
    assert "RandomForestClassifier(random_state=3)" in script(estimator=given, split=split, search=grid)
    varied = {"grid": [{"random_state": [1, 2]}]}
    assert "RandomForestClassifier()" in script(estimator=estimator(forest), split=split, search=varied)


def test_numbers_keep_the_kind_that_the_job_writes() -> None:
    text = script(
        estimator=estimator("ensemble.RandomForestClassifier", max_features={"float": 1}),
        search={"grid": [{"min_samples_leaf": [{"int": 1}, {"float": 0.25}], "ccp_alpha": [0, 1e-9]}]},
    )
    assert "max_features=1.0" in text
    assert '"estimator__min_samples_leaf": [1, 0.25]' in text
    assert '"estimator__ccp_alpha": [0, 1e-09]' in text


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"estimator": estimator("linear_model.Logistic")}, "did you mean sklearn.linear_model.LogisticRegression"),
        ({"estimator": estimator("svm.LogisticRegression")}, "write sklearn.linear_model.LogisticRegression"),
        ({"estimator": estimator("preprocessing.StandardScaler")}, "not the full name of a classifier or regressor"),
        ({"estimator": estimator("linear_model.LogisticRegression", c=1)}, "spec.estimator.parameters.c"),
        ({"search": {"grid": [{"C": [1], "depth": [2]}]}}, "spec.search.grid[0].depth: LogisticRegression has no"),
        ({"dataset": data(sources=[{"uri": "s3://bucket/folder/"}])}, "such as s3://bucket/folder/*.csv"),
    ],
)
def test_a_job_that_no_script_can_run_ends_the_command_with_2_and_advice(
    sections: dict[str, Any], words: str, gridfold: Gridfold, write_job: Any
) -> None:
    process = gridfold("export", write_job(with_spec(document(), **sections)))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("a/*.csv", "a/b.csv", True),
        ("a/*.csv", "a/b/c.csv", False),
        ("a/**/*.csv", "a/b/c.csv", True),
        ("a/**/*.csv", "a/c.csv", True),
        ("a/", "a/b/c", True),
        ("a?[0-9].csv", "ab7.csv", True),
        ("a?[!0-9].csv", "ab7.csv", False),
        ("a[[].csv", "a[.csv", True),
        ("a.csv*", "axcsv", False),
        ("a[^b].csv", "a^.csv", True),
    ],
)
def test_patterns_match_as_the_trainer_matches(pattern: str, key: str, matches: bool) -> None:
    import re

    from gridfold_trainer.storage.patterns import compile_pattern

    assert bool(re.fullmatch(to_regex(pattern), key, re.DOTALL)) is matches
    assert bool(compile_pattern(pattern).fullmatch(key)) is matches


def test_the_command_prints_the_script_and_nothing_else(gridfold: Gridfold, write_job: Any) -> None:
    process = gridfold("export", write_job(document()))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out == script()
