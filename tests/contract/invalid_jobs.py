"""Documents that are wrong in one way each: path of the blame, a word of the message, an edit of a valid spec."""

from typing import Any

from tests.contract.edits import Edit, both, drop, put
from tests.contract.invalid_execution import EXECUTION
from tests.unit.domain.world import document


def put_storage(**storage: str) -> Edit:
    """Return an edit that gives the one source a storage of its own."""
    return put("dataset.sources", [{"uri": "s3://b/k", "storage": storage}])


def drop_uri(spec: dict[str, Any]) -> None:
    """Leave a source that says only what it must be, not where it is."""
    spec["dataset"]["sources"] = [{"sha256": "0" * 64}]


DATED: dict[str, Any] = {
    "sources": [{"uri": "s3://b/k"}],
    "target": "income",
    "columnTypes": {"day": "Date"},
}
PASSWORD = "correct-horse"
LOWEST_C = {"parameter": "C", "prefer": "Lowest"}
#: Addresses with credentials in them, which nobody repeats.
WITH_USER: dict[str, Edit] = {
    "spec.dataset.sources[0].uri": put("dataset.sources", [{"uri": f"https://user:{PASSWORD}@host/rows.csv"}]),
    "spec.dataset.sources[1].uri": put("dataset.sources", [{"uri": "s3://b/k"}, {"uri": f"s3://AK:{PASSWORD}@b/k"}]),
    "spec.dataset.sources[0].storage.endpoint": put_storage(endpoint=f"http://user:{PASSWORD}@s3.example:9000"),
    "spec.storage.endpoint": put("storage.endpoint", f"https://{PASSWORD}@s3.example"),
    "spec.output.uri": put("output.uri", f"s3://AK:{PASSWORD}@models/a/"),
    "spec.output.cacheUri": put("output.cacheUri", f"s3://AK:{PASSWORD}@models/cache/"),
}
#: Refused by the API server and by `gridfold validate` alike.
REFUSED: list[tuple[str, str, Edit]] = [
    ("spec.dataset.sources", "", drop("dataset.sources")),
    ("spec.dataset.sources", "", put("dataset.sources", [])),
    ("spec.dataset.target", "", drop("dataset.target")),
    ("spec.dataset.target", "", put("dataset.target", "")),
    ("spec.dataset.target", "", put("dataset.target", 7)),
    ("spec.dataset.sources[0].uri", "", put("dataset.sources", [{"uri": "ftp://host/rows.csv"}])),
    ("spec.dataset.sources[0].sha256", "", put("dataset.sources", [{"uri": "s3://b/k", "sha256": "abc"}])),
    ("spec.dataset.sources", "", put("dataset.sources", [{"uri": "s3://b/k"}] * 101)),
    ("spec.dataset.sources[1].uri", "", put("dataset.sources", [{"uri": "s3://b/k"}, {"uri": "s3://b"}])),
    ("spec.dataset.sources[0].uri", "", put("dataset.sources", [{"uri": "s3://buck*/k"}])),
    ("spec.dataset.sources[0].uri", "", put("dataset.sources", [{"uri": "https://host"}])),
    ("spec.dataset.sources[0].uri", "", drop_uri),
    ("spec.dataset.sources[0].sha256", "", put("dataset.sources", [{"uri": "s3://b/k", "sha256": "A" * 64}])),
    ("spec.dataset.sources[0].storage.endpoint", "", put_storage(endpoint="s3.example:9000")),
    ("spec.dataset.sources[0].storage.addressingStyle", "", put_storage(addressingStyle="Host")),
    ("spec.dataset.sources[0].storage.credentialsSecretName", "", put_storage(credentialsSecretName="Not_A_Name")),
    ("spec.dataset.sources[0].storage.caBundleConfigMapName", "", put_storage(caBundleConfigMapName="")),
    ("spec.dataset.format", "", put("dataset.format", "csv")),
    ("spec.dataset.groupColumn", "", put("dataset.groupColumn", "")),
    ("spec.dataset.timeColumn", "", put("dataset.timeColumn", "")),
    ("spec.dataset.excludeColumns[1]", "", put("dataset.excludeColumns", ["id", ""])),
    ("spec.dataset.positiveClass", "", put("dataset.positiveClass", 1)),
    ("spec.dataset.csv.missingValues", "", put("dataset.csv.missingValues", [str(number) for number in range(101)])),
    ("spec.dataset.csv.missingValues[0]", "", put("dataset.csv.missingValues", [-9])),
    ("spec.dataset.csv.unnamedColumns", "", put("dataset.csv.unnamedColumns", "Keep")),
    ("spec.dataset.dateParts.day[0]", "", put("dataset", {**DATED, "dateParts": {"day": ["year"]}})),
    ("spec.dataset.dateParts.day", "", put("dataset", {**DATED, "dateParts": {"day": []}})),
    ("spec.dataset.dateParts", "declares as Date", put("dataset", {**DATED, "dateParts": {"age": ["Year"]}})),
    ("spec.dataset.dateFormats", "timeColumn", put("dataset", {**DATED, "dateFormats": {"age": "%d.%m.%Y"}})),
    ("spec.dataset.dateFormats.day", "", put("dataset", {**DATED, "dateFormats": {"day": "dd.MM.yyyy%"}})),
    ("spec.dataset.columnTypes", "classes or numbers", put("dataset.columnTypes", {"y": "Date"})),
    (
        "spec.dataset.columnTypes",
        "told apart by their texts",
        put("dataset", {**DATED, "groupColumn": "day"}),
    ),
    ("spec.dataset.csv.comment", "", put("dataset.csv.comment", "//")),
    ("spec.dataset.csv.comment", "neither", put("dataset.csv.comment", ",")),
    ("spec.dataset.csv.comment", "neither", put("dataset.csv", {"comment": "'", "quoteCharacter": "'"})),
    ("spec.dataset.csv.skipLines", "", put("dataset.csv.skipLines", -1)),
    ("spec.dataset.csv.skipLines", "", put("dataset.csv.skipLines", 1_000_001)),
    ("spec.dataset.csv.encoding", "", put("dataset.csv.encoding", "cp1252")),
    ("spec.dataset.csv.delimiter", "", put("dataset.csv.delimiter", "whitespace")),
    (
        "spec.dataset.csv.unnamedColumns",
        "only where there is a header",
        put("dataset.csv", {"header": False, "columnNames": ["income"], "unnamedColumns": "Name"}),
    ),
    ("spec.dataset.csv.delimiter", "", put("dataset.csv.delimiter", "")),
    ("spec.dataset.csv.quoteCharacter", "", put("dataset.csv.quoteCharacter", "''")),
    ("spec.dataset.csv.quoteCharacter", "", put("dataset.csv.quoteCharacter", " ")),
    ("spec.dataset.csv.columnNames", "is required where header is false", put("dataset.csv", {"header": False})),
    ("spec.dataset.csv.columnNames", "must be left out", put("dataset.csv", {"columnNames": ["a"]})),
    ("spec.dataset.csv.delimiter", "", put("dataset.csv.delimiter", ";;")),
    ("spec.dataset.csv.delimiter", "", put("dataset.csv.delimiter", '"')),
    ("spec.dataset.csv.delimiter", "", put("dataset.csv.delimiter", "\n")),
    ("spec.dataset.csv.delimiter", "", put("dataset.csv.delimiter", "¦")),
    ("spec.dataset.csv.quoteCharacter", "", put("dataset.csv.quoteCharacter", "q")),
    ("spec.dataset.csv.quoteCharacter", "delimiter", put("dataset.csv", {"delimiter": "'", "quoteCharacter": "'"})),
    ("spec.dataset.columnTypes.age", "", put("dataset.columnTypes", {"age": "Number"})),
    ("spec.dataset.columnMissingValues.age", "", put("dataset.columnMissingValues", {"age": []})),
    ("spec.dataset.columnMissingValues.age[0]", "", put("dataset.columnMissingValues", {"age": [0]})),
    ("spec.dataset.csv.decimal", "", put("dataset.csv.decimal", ";")),
    ("spec.dataset.csv.thousands", "", put("dataset.csv.thousands", "~")),
    ("spec.dataset.csv.thousands", "decimal mark", put("dataset.csv", {"decimal": ",", "thousands": ","})),
    ("spec.dataset.csv.thousands", "decimal mark", put("dataset.csv.thousands", ".")),
    ("spec.dataset.csv.repeatedHeader", "", put("dataset.csv.repeatedHeader", "Keep")),
    ("spec.dataset.columnFormats.age.prefix", "", put("dataset.columnFormats", {"age": {"prefix": "1"}})),
    ("spec.dataset.columnFormats.age.suffix", "", put("dataset.columnFormats", {"age": {"suffix": "5 kg"}})),
    ("spec.dataset.columnFormats.age.negative", "", put("dataset.columnFormats", {"age": {"negative": "Red"}})),
    (
        "spec.dataset.columnFormats.age.thousands",
        "decimal mark",
        put("dataset.columnFormats", {"age": {"decimal": ",", "thousands": ","}}),
    ),
    ("spec.cleaning.dropColumnsMissingAbove", "", put("cleaning.dropColumnsMissingAbove", 101)),
    ("spec.cleaning.trimText", "", put("cleaning.trimText", "yes")),
    ("spec.split", "must add up to 100", put("split", {"train": 80})),
    ("spec.split.train", "", put("split", {"train": 100, "validation": 0, "test": 0})),
    ("spec.split.train", "", put("split.train", True)),
    ("spec.split.train", "", put("split.train", "70")),
    ("spec.split.seed", "", put("split.seed", -1)),
    ("spec.split.seed", "", put("split.seed", 4294967296)),
    ("spec.split.method", "", put("split.method", "Stratifed")),
    ("spec.estimator.className", "", drop("estimator.className")),
    ("spec.estimator.className", "", put("estimator.className", "system")),
    ("spec.search.grid", "", drop("search.grid")),
    ("spec.search.grid", "", put("search.grid", [])),
    ("spec.search.grid[0].C", "", put("search.grid", [{"C": []}])),
    ("spec.search.grid[0].C", "", put("search.grid", [{"C": 1}])),
    ("spec.search.algorithm", "", put("search.algorithm", "Halving")),
    ("spec.search.cells", "", put("search", {"algorithm": "Random", "cells": 0, "grid": [{"C": [1.0]}]})),
    ("spec.search.cells", "", put("search", {"algorithm": "Random", "cells": 10001, "grid": [{"C": [1.0]}]})),
    ("spec.search.seed", "", put("search.seed", -1)),
    ("spec.search.maxCells", "", put("search.maxCells", 10001)),
    ("spec.crossValidation.folds", "", put("crossValidation.folds", "5")),
    ("spec.crossValidation.repeats", "", put("crossValidation.repeats", 0)),
    ("spec.crossValidation.method", "", put("crossValidation.method", "LeaveOneOut")),
    ("spec.scoring.average", "", put("scoring.average", "macro")),
    (
        "spec.estimator.preprocessing.categorical.encode",
        "",
        put("estimator.preprocessing", {"categorical": {"encode": "Target"}}),
    ),
    ("spec.scoring.objective", "must be one of metrics", put("scoring", {"objective": "f1", "metrics": ["accuracy"]})),
    ("spec.scoring.metrics[0]", "", put("scoring.metrics", ["f3"])),
    ("spec.scoring.metrics[0]", "", put("scoring.metrics", ["f1_macro"])),
    ("spec.scoring.objective", "", put("scoring.objective", "rmse")),
    ("spec.scoring.metrics", "must not name a metric twice", put("scoring.metrics", ["f1", "f1"])),
    ("spec.scoring.targets", "0.85", put("scoring.targets", {"accuracy": "85"})),
    ("spec.scoring.targets", "", put("scoring.targets", {"f1": "0.0"})),
    ("spec.scoring.targets", "-0.5", put("scoring.targets", {"neg_mean_absolute_error": "0.5"})),
    ("spec.scoring.targets", "0.85", put("scoring.targets", {"r2": "1.2"})),
    ("spec.scoring.targets", "must name metrics", put("scoring.targets", {"acuracy": "0.85"})),
    ("spec.scoring.targets.accuracy", "", put("scoring.targets", {"accuracy": 0.85})),
    (
        "spec.scoring.targets",
        "must name only metrics that are measured",
        put("scoring", {"metrics": ["f1"], "targets": {"accuracy": "0.85"}}),
    ),
    ("spec.scoring.simplest", "is required where select is", put("scoring.select", "OneStandardError")),
    ("spec.scoring.simplest", "must be left out where select is Best", put("scoring.simplest", [LOWEST_C])),
    (
        "spec.scoring.simplest",
        "must not name a parameter twice",
        put("scoring", {"select": "OneStandardError", "simplest": [LOWEST_C, LOWEST_C]}),
    ),
    ("spec.scoring.select", "", put("scoring.select", "OneStandardDeviation")),
    (
        "spec.scoring.simplest[0].prefer",
        "",
        put("scoring", {"select": "OneStandardError", "simplest": [{"parameter": "C", "prefer": "Least"}]}),
    ),
    ("spec.learningCurve.fractions", "must ascend", put("learningCurve", {"fractions": [25, 10, 100]})),
    ("spec.learningCurve.fractions", "name no fraction twice", put("learningCurve", {"fractions": [10, 10, 100]})),
    ("spec.learningCurve.fractions", "must end with 100", put("learningCurve", {"fractions": [10, 50]})),
    ("spec.learningCurve.fractions", "of at most 50", put("learningCurve", {"fractions": [75, 100]})),
    ("spec.learningCurve.fractions", "", put("learningCurve", {"fractions": [100]})),
    ("spec.learningCurve.fractions", "", put("learningCurve", {"fractions": [*range(1, 11), 100]})),
    ("spec.learningCurve.fractions[0]", "", put("learningCurve", {"fractions": [0, 100]})),
    ("spec.learningCurve.fractions[1]", "", put("learningCurve", {"fractions": [50, 101]})),
    ("spec.learningCurve.fractions[0]", "", put("learningCurve", {"fractions": [12.5, 100]})),
    ("spec.search.cells", "is required where algorithm is Random", put("search.algorithm", "Random")),
    ("spec.search.cells", "must be left out where algorithm is Grid", put("search.cells", 3)),
    ("spec.dataset.groupColumn", "is required", put("split.method", "Grouped")),
    ("spec.dataset.groupColumn", "is required", put("crossValidation.method", "StratifiedGrouped")),
    ("spec.dataset.timeColumn", "is required", put("split.method", "TimeOrdered")),
    ("spec.dataset.timeColumn", "is required", put("crossValidation.method", "TimeSeries")),
    ("spec.split.method", "must be named", both(put("dataset.groupColumn", "g"), put("dataset.timeColumn", "t"))),
    (
        "spec.crossValidation.method",
        "must be TimeSeries or Auto",
        both(put("dataset.timeColumn", "t"), put("crossValidation.method", "KFold")),
    ),
    (
        "spec.crossValidation.method",
        "must be TimeSeries or Auto",
        both(
            put("dataset.timeColumn", "t"),
            both(put("split.method", "TimeOrdered"), put("crossValidation.method", "Stratified")),
        ),
    ),
    (
        "spec.crossValidation.method",
        "only where the split is TimeOrdered",
        both(
            put("dataset.timeColumn", "t"),
            both(put("split.method", "Random"), put("crossValidation.method", "TimeSeries")),
        ),
    ),
    (
        "spec.crossValidation.repeats",
        "must be 1 unless",
        both(put("dataset.groupColumn", "g"), put("crossValidation", {"method": "Grouped", "repeats": 2})),
    ),
    (
        "spec.crossValidation.repeats",
        "must be 1 unless",
        both(put("dataset.timeColumn", "t"), put("crossValidation", {"method": "TimeSeries", "repeats": 2})),
    ),
    ("spec.dataset.foldColumn", "", put("dataset.foldColumn", "")),
    ("spec.dataset.foldColumn", "is required", put("crossValidation.method", "Predefined")),
    (
        "spec.dataset.foldColumn",
        "must be another column",
        both(put("dataset.target", "y"), put("dataset.foldColumn", "y")),
    ),
    (
        "spec.dataset.foldColumn",
        "must be another column",
        both(put("dataset.groupColumn", "site"), put("dataset.foldColumn", "site")),
    ),
    (
        "spec.crossValidation.method",
        "must be TimeSeries where",
        both(put("dataset.timeColumn", "t"), put("dataset.foldColumn", "part")),
    ),
    (
        "spec.crossValidation.repeats",
        "must be 1 unless",
        both(put("dataset.foldColumn", "part"), put("crossValidation", {"method": "Predefined", "repeats": 2})),
    ),
    ("spec.crossValidation.folds", "must be at least 2 unless", put("crossValidation.folds", 1)),
    ("spec.crossValidation.folds", "", put("crossValidation.folds", 0)),
    ("spec.crossValidation", "are for TimeSeries folds only", put("crossValidation.gap", 2)),
    ("spec.crossValidation", "are for TimeSeries folds only", put("crossValidation.maxTrainSize", 20)),
    ("spec.crossValidation.gap", "", put("crossValidation.gap", -1)),
    ("spec.crossValidation.maxTrainSize", "", put("crossValidation.maxTrainSize", 0)),
    ("spec.dataset.sources[0].uri", "", put("dataset.sources", [{"uri": "http://host/rows.csv"}])),
    *((path, "must not hold a user name or password", edit) for path, edit in WITH_USER.items()),
    ("spec.dataset.csv.encoding", "", put("dataset.csv.encoding", "utf-8")),
    ("spec.execution.parallelism", "", put("execution.parallelism", 0)),
    ("spec.execution.resources.requests.cpu", "", put("execution.resources.requests", {"cpu": "one"})),
    *EXECUTION,
    ("spec.output.uri", "", put("output.uri", "s3://models/no-slash")),
    ("spec.output.uri", "", drop("output.uri")),
    ("spec.storage.endpoint", "", put("storage.endpoint", "s3.example:9000")),
]

#: The API server cannot know; `gridfold validate` and the operator (Accepted=False) do.
UNACCEPTED: list[tuple[str, str, Edit]] = [
    (
        "spec.scoring.simplest[0].parameter",
        "every grid varies; spec.search.grid[0] varies C",
        put("scoring", {"select": "OneStandardError", "simplest": [{"parameter": "depth", "prefer": "Lowest"}]}),
    ),
    (
        "spec.search.grid[0].C[1]",
        "must be a number or null where spec.scoring.simplest[0]",
        both(
            put("scoring", {"select": "OneStandardError", "simplest": [LOWEST_C]}),
            put("search.grid", [{"C": [{"int": 1}, "auto", None, 0.5]}]),
        ),
    ),
    ("spec.estimator.className", "regressor of scikit-learn", put("estimator.className", "os.system")),
    ("spec.search.grid[0].n_jobs", "may not be set", put("search.grid", [{"n_jobs": [1, 2]}])),
    ("spec.estimator.parameters.verbose", "may not be set", put("estimator.parameters", {"verbose": 1})),
    ("spec.search.grid[0].C[1]", "{float: NUMBER}", put("search.grid", [{"C": [1, {"float": "x"}]}])),
    ("spec.search.grid[0].C[0]", "whole number", put("search.grid", [{"C": [{"int": 1.5}]}])),
    ("spec.search.grid[0].preprocessing.scale", "is not an axis", put("search.grid", [{"preprocessing.scale": ["x"]}])),
    (
        "spec.search.grid[0].preprocessing.numeric.scale[1]",
        "must be one of",
        put("search.grid", [{"preprocessing.numeric.scale": ["Standard", "Log"]}]),
    ),
    ("spec.search.grid[0].C-1", "is not the name of a parameter", put("search.grid", [{"C-1": [1]}])),
]


def broken(edit: Edit) -> dict[str, Any]:
    """Return a valid document with one edit."""
    raw = document()
    edit(raw["spec"])
    return raw
