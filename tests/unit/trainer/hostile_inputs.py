"""Inputs that real life and bad will hand to prepare: name, file, content, edits of the spec, reason, words."""

import gzip
import io
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.unit.trainer.data_jobs import TABLE

HEADER, *LINES = TABLE.splitlines()
TREE = "sklearn.tree.DecisionTreeClassifier"


class Hostile(NamedTuple):
    name: str
    file: str
    content: bytes | Callable[[], bytes]
    changes: dict[str, Any]
    reason: str
    words: str


def csv(name: str, content: str | bytes, reason: str, words: str, **changes: Any) -> Hostile:
    data = content.encode() if isinstance(content, str) else content
    return Hostile(name, "data.csv", data, changes, reason, words)


def named(class_name: str, words: str, reason: str = "EstimatorNotAllowed") -> Hostile:
    return csv(f"the estimator {class_name}", TABLE, reason, words, estimator={"className": class_name})


def parquet(**columns: list[Any]) -> Callable[[], bytes]:
    def make() -> bytes:
        import polars as pl

        file = io.BytesIO()
        pl.DataFrame({**columns, "y": [0, 1] * (len(next(iter(columns.values()))) // 2)}).write_parquet(file)
        return file.getvalue()

    return make


def with_column(values: list[str], name: str = "extra") -> str:
    return "\n".join([f"{HEADER},{name}", *(f"{line},{values[at % len(values)]}" for at, line in enumerate(LINES))])


BY_GROUP: dict[str, Any] = {"dataset": {"groupColumn": "extra"}}

TABLES = [
    csv("an empty file", b"", "UnreadableTable", "is empty (0 bytes)"),
    csv("white space only", b" \n\t\n", "UnreadableTable", "only blank lines"),
    csv("a header only", HEADER, "DataError", "no row is left: the sources have 0 rows"),
    csv("one row", f"{HEADER}\n{LINES[0]}", "DataError", "the target has 1 class"),
    csv("a short row", TABLE + "1,2\n", "UnreadableTable", "line 62: 2 fields; expected 4"),
    csv("a long row", TABLE + "1,2,red,no,5\n", "UnreadableTable", "line 62: 5 fields; expected 4"),
    csv("another delimiter", TABLE.replace(",", ";"), "DataError", 'the one column "age;height;colour;y"'),
    csv("NUL bytes", TABLE + "1,\0,red,no\n", "UnreadableTable", "line 62: a NUL byte"),
    csv("UTF-16", TABLE.encode("utf-16"), "UnreadableTable", "UTF-16"),
    csv("Latin-1 taken for UTF-8", TABLE.replace("red", "röt").encode("latin-1"), "UnreadableTable", "csv.encoding"),
    csv("an open quote", TABLE + '"1,2,red,no\n', "UnreadableTable", "has no closing quote"),
    csv("a quote within a field", TABLE + '1,5" wide,red,no\n', "UnreadableTable", 'a quote (") inside a field'),
    csv("line ends of two kinds", TABLE.replace("\n", "\r", 9), "UnreadableTable", "carriage return"),
    csv("a web page", b"<html><body>Sign in, please</body></html>\n1,2\n3\n", "UnreadableTable", "line 3"),
    csv("an Excel file", b"PK\x03\x04" + bytes(60), "UnreadableTable", "ZIP (or Excel)"),
    csv("a gzip file without its suffix", gzip.compress(TABLE.encode()), "UnreadableTable", "suffix .gz"),
    csv("a pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.", "UnreadableTable", "NUL byte"),
    csv("two columns of one name", TABLE.replace("height", "age", 1), "UnreadableTable", '"age" names more than one'),
    csv("a column without a name", TABLE.replace("height", "", 1), "UnreadableTable", "column 2 has no name"),
    csv("100,001 columns", ",".join(f"c{n}" for n in range(100_001)), "UnreadableTable", "at most 100000 are read"),
    csv("a very long name", TABLE.replace("height", "h" * 300), "UnreadableTable", "more than 256 characters"),
    csv("a 50 MB cell", TABLE + '1,2,"' + "x" * 50_000_000 + '",no\n', "DataError", "a text of 50000000 characters"),
    csv("an infinite number", TABLE + "1e999,2,red,no\n", "DataError", '"1e999" (row 61) is beyond 1.8e308'),
    csv("an integer beyond 2^53", TABLE + "9007199254740993,2,red,no\n", "DataError", "beyond 2^53"),
    csv("one class", TABLE.replace("yes", "no"), "DataError", "the target has 1 class"),
    csv("a class with one row", TABLE + "1,2,red,maybe\n", "DataError", '"maybe" (1)'),
    csv("the target in two cases", TABLE + "1,2,red,No\n" * 2, "DataError", '"No" (2)'),
    csv("as many classes as rows", with_column([str(n) for n in range(60)], "id").replace(",y,id", ",z,y"), "DataError",
        "60 of 60 classes have fewer than 3 rows"),
    csv("no target at all", "\n".join([HEADER, *(f"{n},1,red," for n in range(9))]), "DataError", "none of them has"),
    csv("no column but the target", "y\n" + "a\nb\n" * 30, "DataError", "no column is left"),
    csv("a target with fractions", TABLE.replace("yes", "0.5").replace("no", "1"), "DataError", "among them 0.5"),
    csv("a row without target that must stay", TABLE + "1,2,red,\n", "DataError", "1 of 61 rows have no value",
        cleaning={"dropRowsWithoutTarget": False}),
    csv("a target that is no column", TABLE, "DataError", 'did you mean "y"?', dataset={"target": "Y"}),
    csv("an excluded target", TABLE, "DataError", "excludeColumns names the target", dataset={"excludeColumns": ["y"]}),
    csv("everything excluded", TABLE, "DataError", "no column is left",
        dataset={"excludeColumns": ["age", "height", "colour"]}),
    csv("text declared Numeric", TABLE, "DataError", '"red" (row 1)', dataset={"columnTypes": {"colour": "Numeric"}}),
    csv("names for too many fields", TABLE, "UnreadableTable", "columnNames names 5 columns",
        dataset={"csv": {"header": False, "columnNames": list("abcde")}, "target": "e"}),
    csv("a group that is the whole data", with_column(["same"]), "DataError", "has 1 different values",
        **BY_GROUP),
    csv("a row without group", with_column(["a", "b", ""]), "DataError", "no value in 20 of 60 rows", **BY_GROUP),
    csv("fewer groups than folds", with_column(list("abcd")), "DataError", "groups", **BY_GROUP),
    csv("a group that is the target", TABLE, "DataError", "cannot be judged on what it is divided by",
        dataset={"groupColumn": "y"}),
    csv("times that are none", with_column(["soon"]), "DataError", '"soon" (row 1)',
        dataset={"timeColumn": "extra"}),
    csv("times of two kinds", with_column(["2024-01-01", "2024-01-01T00:00Z"]), "DataError", "time zone",
        dataset={"timeColumn": "extra"}),
    csv("repeats of folds by time", with_column([str(n) for n in range(60)]), "DataError", "repeats is 3",
        dataset={"timeColumn": "extra"}, crossValidation={"repeats": 3}),
    csv("more folds than rows of a class", TABLE, "DataError", "at most 21 folds", crossValidation={"folds": 30}),
    csv("a metric of numbers on classes", TABLE, "DataError", "r2", scoring={"metrics": ["r2"]}),
    csv("a target score that is not measured", TABLE, "DataError", "roc_auc", scoring={"targets": {"roc_auc": "0.9"}}),
    csv("a regressor of text", TABLE, "DataError", "a regressor predicts numbers",
        estimator={"className": "sklearn.linear_model.Ridge"}, search={"grid": [{"alpha": [1.5]}]}),
    csv("less memory than the data needs", TABLE, "DataError", "limits.memory is 64Mi",
        execution={"resources": {"limits": {"memory": "64Mi"}}}),
    csv("a wrong checksum", TABLE, "ChecksumMismatch", "the data has changed",
        dataset={"sources": [{"uri": "file:data.csv", "sha256": "0" * 64}]}),
    csv("a file that is not there", TABLE, "ObjectMissing", "does not exist",
        dataset={"sources": [{"uri": "file:none.csv"}]}),
    csv("a pattern that matches nothing", TABLE, "ObjectMissing", '"file:data.csv"',
        dataset={"sources": [{"uri": "file:dat*.parquet"}]}),
    csv("sources of other columns", TABLE, "UnreadableTable", "lacks age, height, colour, y",
        dataset={"sources": [{"uri": "file:data.csv"}, {"uri": "file:other.csv"}]}),
]  # fmt: skip

FILES = [
    Hostile("half a gzip file", "a.csv.gz", gzip.compress(TABLE.encode())[:-20], {}, "UnreadableTable", "is cut off"),
    Hostile("a gzip bomb", "a.csv.gz", gzip.compress(TABLE.encode() + b"1,2,red,no\n" * 10**6), {}, "SourceTooLarge",
            "more than 1000000 bytes when decompressed"),
    Hostile("text named gzip", "a.csv.gz", TABLE.encode(), {}, "UnreadableTable", "not whole gzip data"),
    Hostile("text named Zstandard", "a.csv.zst", TABLE.encode(), {}, "UnreadableTable", "not whole Zstandard data"),
    Hostile("nested Parquet", "a.parquet", parquet(a=[[1], [2]] * 30), {}, "UnreadableTable", "column a has the type"),
    Hostile("Parquet of infinite numbers", "a.parquet", parquet(a=[1.0, float("inf")] * 30), {}, "DataError",
            "no 64-bit float can hold"),
    Hostile("Parquet of large integers", "a.parquet", parquet(a=[1, 2**60] * 30), {}, "DataError", "beyond 2^53"),
    Hostile("half a Parquet file", "a.parquet", lambda: parquet(a=list(range(60)))()[:-30], {}, "UnreadableTable",
            "cannot be read as Parquet"),
    Hostile("text named Parquet", "a.parquet", TABLE.encode(), {}, "UnreadableTable", "is not Parquet"),
    Hostile("nested JSON", "a.jsonl", b'{"a": {"b": 1}, "y": 0}\n', {}, "UnreadableTable", "a is an object"),
    Hostile("half a JSON object", "a.jsonl", b'{"a": 1, "y": 0}\n{"a": 1,', {}, "UnreadableTable", "line 2: no JSON"),
    Hostile("JSON of numbers alone", "a.jsonl", json.dumps([1, 2]).encode(), {}, "UnreadableTable", "1 is no JSON obj"),
]  # fmt: skip

ESTIMATORS = [
    named("sklearn.datasets._base.os.system", "not the full name of a classifier"),
    named("sklearn.datasets.base.os.system", "not the full name of a classifier"),
    named("sklearn.utils.Bunch", "not the full name of a classifier"),
    named("sklearn.linear_model.LogisticRegressor", "did you mean"),
    named("sklearn.externals.joblib.load", "not the full name of a classifier"),
    named("sklearn.pipeline.Pipeline", "not the full name of a classifier"),
    csv("a parameter that is none", TABLE, "DataError", "did you mean max_iter?", search={"grid": [{"max_itr": [9]}]}),
    csv("a grid that is refused as a whole", TABLE, "DataError", "refuses every cell",
        search={"grid": [{"C": [-1.5]}]}),
]  # fmt: skip

INPUTS = [*TABLES, *FILES, *ESTIMATORS]
