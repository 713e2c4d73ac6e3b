"""The prepare stage from sources to report, on a laptop's store."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.handoff import PreparedRun, PrepareReport, decode_cells, decode_report, encode_report
from gridfold.api.v1alpha1 import ColumnType
from gridfold.domain.grid import Grid
from gridfold.domain.keys import CellKeys
from gridfold_trainer import cell, prepare
from gridfold_trainer.cells import results, stored
from gridfold_trainer.data import contents
from gridfold_trainer.data.prepared import PreparedData, load_prepared
from gridfold_trainer.errors import (
    ChecksumMismatchError,
    DataError,
    ObjectMissingError,
    StorageRefusedError,
    UnreadableTableError,
)
from gridfold_trainer.learning import environment
from tests.unit.trainer.data_jobs import TABLE, context, run_prepare, stage_input

pytestmark = pytest.mark.usefixtures("frames")

TREE = "sklearn.tree.DecisionTreeClassifier"
FOREST = "sklearn.ensemble.RandomForestClassifier"


def load(folder: Path, report: PrepareReport) -> PreparedData:
    where = context(folder)
    return load_prepared(where.store, "file:out/cache/", report.digest, where.scratch)


def problems(folder: Path, table: str | bytes = TABLE, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        run_prepare(folder, table, **changes)
    return caught.value.problems


def with_cells(report: PrepareReport, cells: str, **changes: Any) -> Any:
    run = PreparedRun(
        digest=report.digest,
        environment=report.environment,
        resolved=report.resolved,
        split_digest=report.dataset.split_digest,
    )
    return stage_input(**changes).model_copy(update={"prepared": run, "cells": cells})


def test_a_table_becomes_a_matrix_a_target_and_a_report(tmp_path: Path) -> None:
    report = run_prepare(tmp_path)
    data = load(tmp_path, report)
    assert [(column.name, column.type) for column in data.columns] == [
        ("age", ColumnType.NUMERIC),
        ("height", ColumnType.NUMERIC),
        ("colour", ColumnType.CATEGORICAL),
    ]
    assert data.columns[2].categories == ("blue", "green", "red")
    assert data.X[:3].tolist() == [[20, 1.5, 2], [21, 1.55, 1], [22, 1.6, 0]]
    assert (data.classes, data.positive) == (("no", "yes"), 1)
    status = report.dataset
    assert (status.rows, status.columns, status.classes) == (60, 3, 2)
    assert status.parts == {"train": 42, "validation": 9, "test": 9}
    assert status.digest == report.digest == data.digest
    assert report.environment == environment.digest("sklearn.tree.DecisionTreeClassifier")
    assert (report.total, report.cached, report.infeasible, report.warnings) == (2, "", "", [])
    assert decode_report(encode_report(report)) == report


def test_prepare_twice_gives_the_same_report(tmp_path: Path) -> None:
    assert run_prepare(tmp_path) == run_prepare(tmp_path)


def test_prepare_leaves_nothing_in_the_scratch_folder_whether_it_succeeds_or_not(tmp_path: Path) -> None:
    run_prepare(tmp_path)
    problems(tmp_path, TABLE.replace("yes", "no"))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_cleaning_is_counted(tmp_path: Path) -> None:
    rows = TABLE.partition("\n")[2]
    extended = [f"{line},x,," for line in rows.splitlines()]
    table = "\n".join(["age,height,colour,y,same,gone,id", *extended, *extended[:7], "1,2,red,?,x,,", "1,2,red,,x,,"])
    report = run_prepare(
        tmp_path,
        table,
        dataset={"csv": {"missingValues": ["?"]}, "excludeColumns": ["id"]},
        cleaning={"dropDuplicateRows": True, "dropConstantColumns": True, "dropColumnsMissingAbove": 50},
    )
    assert report.dataset.dropped_rows == {"missingTarget": 2, "duplicates": 7}
    assert report.dataset.dropped_columns == {"excluded": 1, "missing": 1, "constant": 1}
    assert report.digest == run_prepare(tmp_path).digest


def test_every_auto_is_resolved(tmp_path: Path) -> None:
    resolved = run_prepare(
        tmp_path, split={"seed": 7}, estimator={"className": TREE}, search={"grid": [{"max_depth": [2]}]}
    ).resolved
    assert resolved.document() == {
        "split": "Stratified",
        "crossValidation": "Stratified",
        "objective": "f1",
        "metrics": ["accuracy", "precision", "recall", "f1"],
        "average": "Binary",
        "positiveClass": "yes",
        "randomState": 7,
    }
    three = TABLE.replace("yes", "2").replace("no", "1").replace("blue,1", "blue,3")
    assert run_prepare(tmp_path, three).resolved.average == "Macro"
    assert run_prepare(tmp_path, three).resolved.positive_class is None


@pytest.mark.parametrize(
    ("parameters", "grid", "expected"),
    [
        ({}, [{"max_depth": [2]}], 5),
        ({"random_state": 1}, [{"max_depth": [2]}], None),
        ({}, [{"random_state": [1, 2]}], None),
        ({}, [{"random_state": [1, 2]}, {"max_depth": [2]}], 5),
    ],
)
def test_an_open_random_state_becomes_the_seed_of_the_split(
    tmp_path: Path, parameters: dict[str, Any], grid: list[dict[str, Any]], expected: int | None
) -> None:
    estimator = {"className": TREE, "parameters": parameters}
    report = run_prepare(tmp_path, split={"seed": 5}, estimator=estimator, search={"grid": grid})
    assert report.resolved.random_state == expected


@pytest.mark.parametrize(
    ("values", "label", "code"),
    [
        (("no", "yes"), "no", 0),
        (("no", "yes"), " yes ", 1),
        (("0", "1"), "0.0", 0),
        (("0", "1"), "01", 1),
        (("0", "1"), None, 1),
        ((">50K", "<=50K"), ">50K", 1),
    ],
)
def test_the_positive_class_is_matched_as_the_classes_are(
    tmp_path: Path, values: tuple[str, str], label: str | None, code: int
) -> None:
    table = TABLE.replace(",no", f",{values[0]}").replace(",yes", f",{values[1]}")
    changes = {"dataset": {"positiveClass": label}} if label else {}
    report = run_prepare(tmp_path, table, **changes)
    data = load(tmp_path, report)
    assert data.positive == code
    assert data.classes is not None
    assert report.resolved.positive_class == str(data.classes[code])


def test_several_sources_are_one_data_set(tmp_path: Path) -> None:
    header, _, rows = TABLE.partition("\n")
    lines = rows.splitlines(keepends=True)
    (tmp_path / "a.csv").write_text(header + "\n" + "".join(lines[:20]))
    (tmp_path / "b.csv").write_text(header + "\n\n" + "".join(lines[20:]))
    parts = run_prepare(tmp_path, dataset={"sources": [{"uri": "file:a.csv"}, {"uri": "file:b.csv"}], "target": "y"})
    assert parts == run_prepare(tmp_path)


def test_a_pin_that_fits_is_accepted_and_one_that_does_not_shows_both_digests(tmp_path: Path) -> None:
    import hashlib

    right = hashlib.sha256(TABLE.encode()).hexdigest()
    sources = [{"uri": "file:data.csv", "sha256": right}]
    run_prepare(tmp_path, dataset={"sources": sources, "target": "y"})
    with pytest.raises(ChecksumMismatchError) as caught:
        run_prepare(tmp_path, TABLE + "\n", dataset={"sources": sources, "target": "y"})
    assert right in str(caught.value)
    assert hashlib.sha256((TABLE + "\n").encode()).hexdigest() in str(caught.value)


def test_every_source_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    sources = [{"uri": "file:data.csv"}, {"uri": "file:none.csv"}, {"uri": "file:folder/"}, {"uri": "file:scratch"}]
    with pytest.raises(ObjectMissingError) as caught:
        run_prepare(tmp_path, dataset={"sources": sources, "target": "y"})
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "file:none.csv",
        "spec.dataset.sources[2].uri",
        "file:scratch",
    ]


def test_a_file_of_a_laptop_is_refused_in_a_cluster(tmp_path: Path) -> None:
    from gridfold_trainer.storage.file_store import FileStore

    where = context(tmp_path)
    cluster = type(where)(FileStore(None), where.scratch)
    with pytest.raises(StorageRefusedError, match="in a cluster, use s3://bucket/key"):
        prepare.run(stage_input(), cluster)


HOSTILE: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "a target that is no column",
        TABLE,
        {"dataset": {"target": "Y"}},
        'target is "Y", which is no column of the data; did you mean "y"?',
    ),
    ("an excluded target", TABLE, {"dataset": {"excludeColumns": ["y"]}}, "excludeColumns names the target"),
    ("an unknown excluded column", TABLE, {"dataset": {"excludeColumns": ["hight"]}}, 'did you mean "height"?'),
    ("an unknown typed column", TABLE, {"dataset": {"columnTypes": {"size": "Numeric"}}}, 'columnTypes is "size"'),
    (
        "an unknown column with markers",
        TABLE,
        {"dataset": {"columnMissingValues": {"hight": ["0"]}}},
        'columnMissingValues is "hight", which is no column of the data; did you mean "height"?',
    ),
    (
        "a class that a marker of the target takes for missing",
        TABLE,
        {"dataset": {"columnMissingValues": {"y": ["no"]}}},
        'their target is empty or one of its spec.dataset.columnMissingValues ("no").',
    ),
    ("another delimiter", TABLE.replace(",", ";"), {}, 'the data has the one column "age;height;colour;y"'),
    ("a header only", TABLE.partition("\n")[0] + "\n", {}, "no row is left"),
    ("one class", TABLE.replace("yes", "no"), {}, "the target has 1 class"),
    (
        "a class that a marker takes for missing",
        TABLE,
        {"dataset": {"csv": {"missingValues": ["no"]}}},
        'their target is empty or one of spec.dataset.csv.missingValues ("no"), which hold for every column',
    ),
    ("a class with one row", TABLE + "1,2,red,maybe\n", {}, '"maybe" (1)'),
    ("a class with fewer rows than folds", TABLE + "1,2,red,maybe\n" * 5, {}, "at most 3 folds"),
    (
        "a typed column with a text",
        TABLE + "x,2,red,no\n",
        {"dataset": {"columnTypes": {"age": "Numeric"}}},
        '"x" (row 61) is no number',
    ),
    ("an infinite value", TABLE + "1e999,2,red,no\n", {}, "the column age has numbers that no 64-bit float can hold"),
    ("a large integer", TABLE + "9007199254740993,2,red,no\n", {}, "the column age has integers that a 64-bit float"),
    (
        "a target beyond 2^53",
        TABLE.replace("yes", "9007199254740993").replace("no", "1"),
        {},
        "the target y has integers",
    ),
    ("classes with fractions", TABLE.replace("yes", "0.5").replace("no", "1"), {}, "among them 0.5"),
    (
        "a positive class that is none",
        TABLE,
        {"dataset": {"positiveClass": "Yes"}},
        'positiveClass is "Yes", but the classes are "no" and "yes"',
    ),
    (
        "a positive class of three",
        TABLE.replace("blue,no", "blue,maybe"),
        {"dataset": {"positiveClass": "no"}},
        "the target has 3 classes; it is for two",
    ),
    (
        "binary scores of three classes",
        TABLE.replace("blue,no", "blue,maybe"),
        {"scoring": {"average": "Binary"}},
        "average is Binary, but the target has 3 classes",
    ),
    ("no column beside the target", "y\n" + "a\nb\n" * 30, {}, "no column is left beside the target y"),
    ("everything excluded", TABLE, {"dataset": {"excludeColumns": ["age", "height", "colour"]}}, "dropped: excluded 3"),
    ("few rows", "a,y\n1,p\n2,q\n3,p\n4,q\n", {}, "fewer than 3 rows"),
    (
        "an unknown estimator",
        TABLE,
        {"estimator": {"className": "sklearn.linear_model.LogisticRegressor"}},
        "LogisticRegression",
    ),
    (
        "an unknown fixed parameter",
        TABLE,
        {"estimator": {"parameters": {"c": 1}}},
        'LogisticRegression has no parameter "c"',
    ),
    (
        "an unknown axis",
        TABLE,
        {"search": {"grid": [{"max_itr": [10]}]}},
        'spec.search.grid[0].max_itr: LogisticRegression has no parameter "max_itr"; did you mean max_iter?',
    ),
    (
        "an ambiguous number",
        TABLE,
        {"estimator": {"className": FOREST}, "search": {"grid": [{"max_features": [1]}]}},
        "write {int: 1} or {float: 1}",
    ),
    ("a grid that is refused as a whole", TABLE, {"search": {"grid": [{"C": [-1.5, -2.5]}]}}, "refuses every cell"),
    (
        "a regressor under classification metrics",
        TABLE.replace("yes", "1").replace("no", "2"),
        {
            "estimator": {"className": "sklearn.linear_model.Ridge"},
            "search": {"grid": [{"alpha": [1.5]}]},
            "scoring": {"metrics": ["accuracy"]},
        },
        "accuracy",
    ),
    (
        "a regressor of text",
        TABLE,
        {"estimator": {"className": "sklearn.linear_model.Ridge"}, "search": {"grid": [{"alpha": [1.5]}]}},
        "a regressor predicts numbers",
    ),
]


@pytest.mark.parametrize(
    ("table", "changes", "words"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_what_cannot_work_is_refused_before_any_cell_in_words_that_say_what_to_do(
    tmp_path: Path, table: str, changes: dict[str, Any], words: str
) -> None:
    found = problems(tmp_path, table, **changes)
    assert any(words in problem for problem in found), found
    assert not (tmp_path / "out").exists()


def test_problems_of_spec_columns_and_values_are_told_together(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        TABLE + "1e999,9007199254740993,red,maybe\n",
        estimator={"parameters": {"c": 1}},
        search={"grid": [{"max_itr": [10]}]},
    )
    assert [problem.split()[2] for problem in found[:2]] == ["age", "height"]
    assert ['"c"' in found[2], '"max_itr"' in found[3]] == [True, True]


def test_problems_of_spec_and_target_are_told_together(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        TABLE + "1,2,red,maybe\n",
        dataset={"positiveClass": "x"},
        estimator={"parameters": {"c": 1}},
        scoring={"average": "Binary"},
    )
    assert len(found) == 4


def test_an_unreadable_table_is_told_together_with_wrong_parameters(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTableError) as caught:
        run_prepare(tmp_path, b"", estimator={"parameters": {"c": 1}})
    assert len(caught.value.problems) == 2


def test_cells_that_the_estimator_refuses_are_marked_and_told_once(tmp_path: Path) -> None:
    grid = [{"C": [0.5, -1.5, 2.5], "preprocessing.numeric.scale": ["Standard", "None"]}]
    report = run_prepare(tmp_path, search={"grid": grid})
    assert decode_cells(report.infeasible, report.total) == {2, 3}
    assert len(report.warnings) == 1
    assert report.warnings[0].startswith(
        "2 of 6 cells are infeasible for one reason: The 'C' parameter of LogisticRegression"
    )


def test_a_column_without_any_value_is_a_warning(tmp_path: Path) -> None:
    table = "\n".join(("void," if number == 0 else ",") + line for number, line in enumerate(TABLE.splitlines()))
    assert run_prepare(tmp_path, table).warnings == [
        "Exclude these columns, or set cleaning.dropConstantColumns: true: they tell a model nothing, having no value "
        "in any row: void."
    ]
    assert run_prepare(tmp_path, table, cleaning={"dropConstantColumns": True}).dataset.dropped_columns["constant"] == 1


def test_a_marker_of_one_column_that_occurs_nowhere_is_a_warning_and_one_that_occurs_late_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", 64)
    table = TABLE + "0,0.0,,no\n" * 3
    own = {"age": ["0"], "height": ["0"], "colour": ["none", "?"]}
    report = run_prepare(tmp_path, table, dataset={"columnMissingValues": own, "csv": {"missingValues": ["?"]}})
    (warning,) = report.warnings
    assert warning == (
        "Write the markers of columnMissingValues as the data does (0 is not 0.0), or take them out; these occur in no "
        'row: height ("0"), colour ("none", "?").'
    )
    assert run_prepare(tmp_path, table, dataset={"columnMissingValues": {"height": ["0.0"]}}).warnings == []


def test_a_column_of_many_categories_is_a_warning(tmp_path: Path) -> None:
    lines = [f"id{number},{'yes' if number % 2 else 'no'}" for number in range(1001)]
    [warning] = run_prepare(tmp_path, "id,y\n" + "\n".join(lines)).warnings
    assert warning.startswith("Exclude what only names the row, in dataset.excludeColumns:")
    assert warning.endswith("more than 1000 categories in id (1001).")


def test_a_column_that_is_one_number_in_several_spellings_is_constant(tmp_path: Path) -> None:
    spellings = ("1", "1.0", "01.")
    lines = [f"{spellings[number % 3] if number else 'one'},{line}" for number, line in enumerate(TABLE.splitlines())]
    report = run_prepare(tmp_path, "\n".join(lines), cleaning={"dropConstantColumns": True})
    assert report.dataset.dropped_columns["constant"] == 1
    assert [column.name for column in load(tmp_path, report).columns] == ["age", "height", "colour"]


def test_cells_with_a_valid_result_are_cached_and_others_are_not(tmp_path: Path) -> None:
    grid = {"search": {"grid": [{"C": [0.5, 1.5, 2.5, -1.0]}]}}
    first = run_prepare(tmp_path, **grid)
    job = with_cells(first, "0-3", **grid)
    where = context(tmp_path)
    keys = [CellKeys(job.spec, job.prepared).key(parameters) for parameters in Grid.of(job.spec.search.grid)]
    for index in (0, 1, 3):
        cell.run(job, index, where)
    uris = [results.result_uri(job.spec.cache_uri, key) for key in keys]
    where.store.put(uris[1], where.store.get(uris[1])[:-1])  # cut off
    where.store.put(uris[2], where.store.get(uris[0]))  # another cell's
    second = run_prepare(tmp_path, **grid)
    assert decode_cells(second.cached, 4) == {0, 3}
    assert decode_cells(second.infeasible, 4) == frozenset()
    assert second.warnings[0] == "2 stored results were changed or damaged; they are computed again"
    assert (second.digest, second.environment) == (first.digest, first.environment)


def test_a_cache_so_full_that_listing_costs_more_than_asking_is_asked_cell_by_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_prepare(tmp_path)
    where = context(tmp_path)
    cell.run(with_cells(first, "0-1"), 1, where)
    for number in range(4):
        where.store.put(f"file:out/cache/cells/{number:064}.json", b"{}")
    monkeypatch.setattr(stored, "_KEYS_PER_PAGE", 1)
    assert decode_cells(run_prepare(tmp_path).cached, 2) == {1}


def test_the_digest_does_not_depend_on_the_name_of_the_source_or_on_what_was_excluded(tmp_path: Path) -> None:
    plain = run_prepare(tmp_path)
    more = "\n".join(f"{'id' if number == 0 else number},{line}" for number, line in enumerate(TABLE.splitlines()))
    assert run_prepare(tmp_path, more, dataset={"excludeColumns": ["id"]}).digest == plain.digest
    np.testing.assert_array_equal(load(tmp_path, plain).y, load(tmp_path, run_prepare(tmp_path)).y)
