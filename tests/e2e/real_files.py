"""Jobs on the four real files, each as a data scientist would write it after reading the file's description."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Spec = dict[str, Any]

PIMA = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age", "positive"]
#: Nobody alive has these values: a zero means that nobody has measured.
PIMA_ZEROS = {name: ["0", "0.0"] for name in ("glucose", "pressure", "skin", "bmi")}
PHONEME = ["aa", "ao", "dcl", "iy", "sh", "oral"]
GERMAN = [
    *("checking", "months", "history", "purpose", "amount", "savings", "employed", "instalment", "status", "debtors"),
    *("resident", "property", "age", "plans", "housing", "credits", "job", "dependants", "telephone", "foreign"),
    "risk",
]
COLIC = [
    *("surgery", "young", "hospital", "temperature", "pulse", "respiration", "extremities", "peripheral", "mucous"),
    *("refill", "pain", "peristalsis", "distension", "tube", "reflux", "reflux_ph", "feces", "abdomen", "cells"),
    *("protein", "appearance", "abdominal_protein", "outcome", "lesion", "site", "site2", "site3", "pathology"),
]
#: The description says that these are codes, and of the pain that it "should NOT be treated as ordered".
COLIC_CODES = [
    *("surgery", "young", "extremities", "peripheral", "mucous", "refill", "pain", "peristalsis", "distension", "tube"),
    *("reflux", "feces", "abdomen", "appearance"),
]
#: What is known only after the horse was treated tells the answer.
COLIC_AFTERWARDS = ["outcome", "site", "site2", "site3", "pathology"]
#: Rows of one horse stay together (284 horses in 300 rows).
COLIC_HORSE = "hospital"


@dataclass(frozen=True)
class RealJob:
    """A job: the file, how it is cut into objects, and the sections of the spec that differ from the defaults."""

    file: str
    columns: list[str]
    sources: list[str]  #: below the job's folder of data
    spec: Spec
    rows: Callable[[bytes], bytes] = lambda content: content  #: what is made of the file before anything else
    objects: Callable[[bytes], dict[str, bytes]] = lambda content: {"rows.csv": content}
    csv: Spec = field(default_factory=dict)
    secure: bool = False  #: its sources are on the server behind TLS, with keys of their own
    dataset: Spec = field(default_factory=dict)  #: what the status must say of the data


def in_parts(content: bytes) -> dict[str, bytes]:
    """Return a file as three objects, the last one compressed, and what another tool leaves beside them."""
    lines = content.splitlines(keepends=True)
    return {
        "part-0.csv": b"".join(lines[:300]),
        "part-1.csv": b"".join(lines[300:700]),
        "last/part-2.csv.gz": gzip.compress(b"".join(lines[700:]), mtime=0),
        "_SUCCESS": b"",
    }


def doubled(content: bytes) -> dict[str, bytes]:
    """Return a file to which somebody has appended its first thirty rows again, and five without an answer."""
    lines = content.decode().splitlines()
    unknown = [f"{line.rpartition(',')[0]}, ?" for line in lines[40:45]]
    return {"rows.csv": "\n".join([*lines, *lines[:30], *unknown, ""]).encode()}


def dated(content: bytes) -> bytes:
    """Return a file with a first column: the day of each row, several rows a day, in no order."""
    lines = content.decode().splitlines()
    days = [date(2020, 2, 1) + timedelta(days=7 * at % 1000) for at in range(len(lines))]
    return "".join(f"{day},{line}\n" for day, line in zip(days, lines, strict=True)).encode()


JOBS: dict[str, RealJob] = {
    "pima": RealJob(
        "pima-indians-diabetes.csv",
        PIMA,
        ["rows.csv"],
        {
            "dataset": {
                "target": "positive",
                "positiveClass": "1",
                "excludeColumns": ["insulin"],
                "columnMissingValues": PIMA_ZEROS,
            },
            "cleaning": {"dropDuplicateRows": True},
            "estimator": {
                "className": "sklearn.ensemble.HistGradientBoostingClassifier",
                "parameters": {"max_iter": 40, "random_state": 3},
                "preprocessing": {"numeric": {"impute": "None", "scale": "None"}},
            },
            "search": {"grid": [{"learning_rate": [0.05, 0.2], "max_leaf_nodes": [7, 31]}]},
            "crossValidation": {"method": "Stratified", "folds": 4, "repeats": 2, "seed": 5},
            "scoring": {"objective": "roc_auc", "metrics": ["roc_auc", "recall", "precision", "average_precision"]},
            "split": {"train": 60, "validation": 20, "test": 20, "seed": 11},
            "execution": {"parallelism": 2},
        },
        objects=doubled,
        csv={"missingValues": ["?"]},
        dataset={
            "rows": 768,
            "columns": 7,
            "classes": 2,
            "droppedRows": {"missingTarget": 5, "duplicates": 30},
        },
    ),
    "colic": RealJob(
        "horse-colic.csv",
        COLIC,
        ["rows.csv"],
        {
            "dataset": {
                "target": "lesion",
                "positiveClass": "1",
                "excludeColumns": COLIC_AFTERWARDS,
                "groupColumn": COLIC_HORSE,
                "columnTypes": dict.fromkeys(COLIC_CODES, "Categorical"),
            },
            "cleaning": {"dropColumnsMissingAbove": 60, "dropConstantColumns": True},
            "estimator": {
                "className": "sklearn.linear_model.LogisticRegression",
                "parameters": {"max_iter": 3000, "class_weight": "balanced"},
            },
            "search": {"grid": [{"C": [0.03, {"float": 1}], "preprocessing.numeric.impute": ["Median", "Mean"]}]},
            "crossValidation": {"folds": 3, "seed": 2},
            "scoring": {"targets": {"f1": "0.5"}},
            "execution": {"parallelism": 2},
        },
        csv={"missingValues": ["?"]},
        dataset={
            "rows": 300,
            "columns": 19,
            "classes": 2,
            "droppedColumns": {"excluded": 5, "missing": 2, "constant": 0},
        },
    ),
    "german": RealJob(
        "german.csv",
        GERMAN,
        ["part-*.csv", "last/*.csv.gz"],
        {
            "dataset": {"target": "risk", "positiveClass": "2"},
            "estimator": {
                "className": "sklearn.ensemble.RandomForestClassifier",
                "parameters": {"class_weight": "balanced_subsample"},
                "preprocessing": {"numeric": {"scale": "None"}, "categorical": {"encode": "Ordinal"}},
            },
            "search": {
                "algorithm": "Random",
                "cells": 4,
                "seed": 9,
                "grid": [{"n_estimators": [20, 40], "max_depth": [4, 8, None], "min_samples_leaf": [1, 5, 9]}],
            },
            "crossValidation": {"folds": 3},
            "scoring": {"objective": "balanced_accuracy", "metrics": ["balanced_accuracy", "f1", "neg_log_loss"]},
            "execution": {"parallelism": 3},
        },
        objects=in_parts,
        dataset={"rows": 1000, "columns": 20, "classes": 2},
    ),
    "amount": RealJob(
        "german.csv",
        GERMAN,
        ["rows.csv"],
        {
            "dataset": {"target": "amount", "excludeColumns": ["risk"]},
            "estimator": {"className": "sklearn.linear_model.Ridge"},
            "search": {"grid": [{"alpha": [0.5, 50.0], "preprocessing.numeric.scale": ["Standard", "Robust"]}]},
            "scoring": {"metrics": ["r2", "neg_mean_absolute_error", "neg_mean_absolute_percentage_error"]},
        },
        dataset={"rows": 1000, "columns": 19},
    ),
    "phoneme": RealJob(
        "phoneme.csv",
        PHONEME,
        ["rows.csv"],
        {
            "dataset": {"target": "oral"},
            "estimator": {"className": "sklearn.neighbors.KNeighborsClassifier"},
            "search": {"grid": [{"n_neighbors": [3, 11], "weights": ["uniform", "distance"]}]},
            "crossValidation": {"method": "KFold", "folds": 5},
            "split": {"method": "Random", "seed": 1},
            "scoring": {"metrics": ["accuracy", "f1", "matthews_corrcoef"]},
        },
        secure=True,
        dataset={"rows": 5404, "columns": 5, "classes": 2},
    ),
    "days": RealJob(
        "phoneme.csv",
        ["day", *PHONEME],
        ["rows.csv"],
        {
            "dataset": {"target": "oral", "timeColumn": "day"},
            "estimator": {"className": "sklearn.tree.DecisionTreeClassifier"},
            "search": {"grid": [{"max_depth": [3, 6], "min_samples_leaf": [1, 20]}]},
            "split": {"method": "TimeOrdered", "train": 60, "validation": 20, "test": 20},
        },
        rows=dated,
        dataset={"rows": 5404, "columns": 5, "classes": 2},
    ),
}
