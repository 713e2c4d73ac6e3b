"""The protocol as a user could have written it: scikit-learn and pandas, nothing of Gridfold.

Reads cases (see cases/) and writes what GridSearchCV and the two last fits give for each.
"""

import csv
import importlib
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics, preprocessing
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ParameterGrid,
    ParameterSampler,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline

CODE = re.compile(r"[+-]?0[0-9]+")  # 01234 is not 1234
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
SCALERS = {
    "Standard": preprocessing.StandardScaler,
    "MinMax": preprocessing.MinMaxScaler,
    "Robust": preprocessing.RobustScaler,
}
SPLITTERS = {
    "KFold": KFold,
    "Stratified": StratifiedKFold,
    "Grouped": GroupKFold,
    "StratifiedGrouped": StratifiedGroupKFold,
}
NATIVE = "those that are encoded"
STRATEGIES = {"Median": "median", "Mean": "mean", "MostFrequent": "most_frequent"}


def read(case):
    """Return X as the protocol wants it, and target, groups, times and folds as text (None where there are none)."""
    with Path(case["csv"]).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    names, rows = rows[0], rows[1:]
    missing = {"", *case.get("missing", [])}
    texts = {name: [row[i].strip() for row in rows] for i, name in enumerate(names)}
    target = texts.pop(case["target"])
    orders = [texts.pop(case[kind]) if kind in case else None for kind in ("group", "time", "fold")]
    X = {}
    for name, values in texts.items():
        present = [value for value in values if value not in missing]
        if all(NUMBER.fullmatch(value) for value in present) and not any(map(CODE.fullmatch, present)):
            X[name] = np.array([np.nan if value in missing else float(value) for value in values])
        else:
            X[name] = np.array([np.nan if value in missing else value for value in values], dtype=object)
    # a Series of dtype object, or pandas would choose a string type of its own
    return (
        pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in X.items()}),
        target,
        *orders,
    )


def encode(target):
    """Return labels, codes and classes: in numeric order if all are numbers, else by code point."""
    numbers = all(NUMBER.fullmatch(value) for value in target)
    labels = np.array([float(value) for value in target]) if numbers else np.array(target, dtype=object)
    classes, codes = np.unique(labels, return_inverse=True)
    return labels, codes, classes.tolist()


def column_transformer(X, choices):
    """Return the preprocessing; a step that is not asked for is left out, an empty one altogether."""
    numeric = [name for name in X if X[name].dtype == np.float64]
    categorical = [name for name in X if X[name].dtype != np.float64]
    groups = []
    if numeric:
        steps = []
        if choices["numeric.impute"] != "None":
            steps.append(SimpleImputer(strategy=STRATEGIES[choices["numeric.impute"]]))
        if choices["numeric.scale"] != "None":
            steps.append(SCALERS[choices["numeric.scale"]]())
        groups.append(("numeric", make_pipeline(*steps) if steps else "passthrough", numeric))
    if categorical:
        steps = []
        if choices["categorical.impute"] != "None":
            steps.append(SimpleImputer(strategy="most_frequent"))
        if choices["categorical.encode"] == "OneHot":
            steps.append(preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False))
        elif choices["categorical.encode"] == "Native":
            steps.append(
                preprocessing.OrdinalEncoder(
                    handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
                )
            )
        else:
            steps.append(preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
        groups.append(("categorical", make_pipeline(*steps), categorical))
    return "passthrough" if groups[0][1] == "passthrough" and len(groups) == 1 else ColumnTransformer(groups)


def coder(classes):
    """Return what finds the code of a class by its label; what is none stays."""
    codes = {label if isinstance(label, str) else f"{label:g}": code for code, label in enumerate(classes)}
    return lambda label: codes.get(str(label), label)


def candidates(case, X, classes):
    """Return the cells as single-cell grids, in the order of the script's names; classes by code."""
    default = {
        "numeric.impute": "Median",
        "numeric.scale": "Standard",
        "categorical.impute": "MostFrequent",
        "categorical.encode": "OneHot",
    }
    found = []
    script_names = [
        {
            name.replace(".", "__") if name.startswith("preprocessing.") else f"estimator__{name}": (
                list(map(coder(classes), values)) if name in case.get("named", []) else values
            )
            for name, values in grid.items()
        }
        for grid in case["grid"]
    ]
    draw = case.get("draw")
    cells = ParameterSampler(script_names, draw["cells"], random_state=draw["seed"]) if draw else None
    for cell in cells or ParameterGrid(script_names):
        choices = dict(default, **case.get("preprocessing", {}))
        single = {}
        for name, value in cell.items():
            if name.startswith("preprocessing__"):
                choices[name.removeprefix("preprocessing__").replace("__", ".")] = value
            else:
                single[name] = [value]
        transformer = column_transformer(X, choices)
        if choices["categorical.encode"] == "Native" and "by_hand" not in case:
            single["estimator__categorical_features"] = [NATIVE]
        if hasattr(transformer, "set_output") and case.get("by_name"):
            transformer.set_output(transform="pandas")
        found.append({**single, "preprocessing": [transformer]})
    return found


class Told:
    """An estimator that is told of columns by name, and finds them in the names that scikit-learn gives to them."""

    def fit(self, X, y):
        def of(name):
            return [number for number, made in enumerate(columns) if made == name or made.startswith(f"{name}_")]

        def each(values, rest):
            found = [rest] * len(columns)
            for name, value in values.items():
                for number in of(name):
                    found[number] = value
            return found

        columns = [str(name).partition("__")[2] for name in getattr(X, "columns", [])]
        told = self.get_params()
        if told.get("categorical_features") == NATIVE:
            self.categorical_features = [str(name).startswith("categorical__") for name in X.columns]
        if told.get("monotonic_cst"):
            self.monotonic_cst = each(told["monotonic_cst"], 0)
        if told.get("interaction_cst"):
            self.interaction_cst = [[i for name in group for i in of(name)] for group in told["interaction_cst"]]
        if isinstance(told.get("alpha"), dict):
            self.alpha = each(told["alpha"], 1.0)
        if told.get("metric_params"):
            self.metric_params = {"w": each(told["metric_params"]["w"], 1.0)}
        return super().fit(np.asarray(X), y)


def scorers(case, positive):
    """Return scikit-learn's own scorers."""
    options = {"average": case["average"].lower(), "zero_division": 0}
    options["pos_label"] = positive if case["average"] == "Binary" else None
    ranking = ("decision_function", "predict_proba")
    made = {
        "accuracy": metrics.make_scorer(metrics.accuracy_score),
        "precision": metrics.make_scorer(metrics.precision_score, **options),
        "recall": metrics.make_scorer(metrics.recall_score, **options),
        "f1": metrics.make_scorer(metrics.f1_score, **options),
        "f2": metrics.make_scorer(metrics.fbeta_score, beta=2, **options),
        "f0.5": metrics.make_scorer(metrics.fbeta_score, beta=0.5, **options),
        "jaccard": metrics.make_scorer(metrics.jaccard_score, **options),
        "cohen_kappa": metrics.make_scorer(metrics.cohen_kappa_score),
    }
    for k in (3, 5):
        made[f"top_{k}_accuracy"] = metrics.make_scorer(metrics.top_k_accuracy_score, k=k, response_method=ranking)
    return {name: made.get(name) or metrics.get_scorer(name) for name in case["metrics"]}


def splitter(case, folds):
    """Return the cross-validation."""
    cv = case["cv"]
    if cv["method"] == "Predefined":
        names = np.unique(folds).tolist()
        codes = {name: code for code, name in enumerate(names)}
        return PredefinedSplit([-1 if name in (-1, "-1") else codes[name] for name in folds.tolist()])
    stratified = cv["method"] == "Stratified"
    if cv.get("repeats", 1) > 1:
        repeated = RepeatedStratifiedKFold if stratified else RepeatedKFold
        return repeated(n_splits=cv["folds"], n_repeats=cv["repeats"], random_state=cv["seed"])
    if cv["method"] == "TimeSeries":
        return TimeSeriesSplit(cv["folds"], gap=cv.get("gap", 0), max_train_size=cv.get("maxTrainSize"))
    return SPLITTERS[cv["method"]](cv["folds"], shuffle=True, random_state=cv["seed"])


def estimator(case, classes):
    """Return the estimator with its fixed parameters; class_weight by code."""
    package, _, name = case["estimator"].rpartition(".")
    parameters = {**case.get("parameters", {}), **case.get("by_hand", {}).get("parameters", {})}
    if isinstance(parameters.get("class_weight"), dict):
        weights = parameters["class_weight"]
        parameters["class_weight"] = {coder(classes)(text): weight for text, weight in weights.items()}
    cls = getattr(importlib.import_module(package), name)
    made = type(name, (Told, cls), {})(**parameters) if case.get("by_name") else cls(**parameters)
    if "random_state" in made.get_params() and "random_state" not in parameters:
        made.set_params(random_state=case["split"]["seed"])
    return made


def numbers(texts):
    """Return numbers where all texts are, else the texts."""
    return np.array([float(text) for text in texts] if all(NUMBER.fullmatch(text) for text in texts) else texts)


def parts(case, y, groups, times):
    """Return the row numbers of the three parts."""
    split = case["split"]
    rows, shares = np.arange(len(y)), (split["test"] / 100, split["validation"] / (100 - split["test"]))
    if split["method"] == "TimeOrdered":
        rows = np.argsort(numbers(times), kind="stable")
        first = len(y) - len(y) * split["test"] // 100
        second = first - len(y) * split["validation"] // 100
        return rows[:second], rows[second:first], rows[first:]
    found = []
    for share in shares:
        if split["method"] == "Grouped":
            shuffle = GroupShuffleSplit(1, test_size=share, random_state=split["seed"])
            larger, smaller = (rows[chosen] for chosen in next(shuffle.split(rows, groups=groups[rows])))
        else:
            stratify = y[rows] if split["method"] == "Stratified" else None
            larger, smaller = train_test_split(rows, test_size=share, random_state=split["seed"], stratify=stratify)
        rows = larger
        found.append(smaller)
    return rows, found[1], found[0]


def whole(found, left_out):
    """Return the table with the cells that GridSearchCV cannot even try: without scores, behind all others."""
    table = {}
    for name, values in found.items():
        if name == "params" or "_test_" in name or "_train_" in name:
            behind = 1 + np.isfinite(found[name.replace("rank_", "mean_")]).sum() if name.startswith("rank") else np.nan
            table[name] = list(values)
            for number in left_out:
                table[name].insert(number, behind)
            table[name] = table[name] if name == "params" else np.array(table[name])
    return table


def simplest(case, found):
    """Return the simplest of the cells within one standard deviation of the best, of these the best one.

    As the refit callable of scikit-learn's example "Balance model complexity and cross-validated score".
    """
    means, stds = (found[f"{name}_test_{case['objective']}"] for name in ("mean", "std"))
    near = np.flatnonzero(means >= means[np.nanargmax(means)] - stds[np.nanargmax(means)])
    keys = [-means[near]]
    for name, prefer in reversed(case["simplest"]):
        values = [found["params"][cell][f"estimator__{name}"] for cell in near]
        sizes = np.array([np.inf if value is None else value for value in values])
        keys.append(-sizes if prefer == "Highest" else sizes)
    return int(near[np.lexsort(keys)[0]])


def run(case):
    """Return all numbers of one case."""
    X, target, groups, times, folds = read(case)
    groups = None if groups is None else numbers(groups)
    regression = "r2" in case["metrics"]
    _, y, classes = (None, numbers(target), []) if regression else encode(target)
    train, validation, test = parts(case, y, groups, times)
    positive = classes.index(case["positive"]) if "positive" in case else len(classes) - 1
    pipeline = Pipeline([("preprocessing", "passthrough"), ("estimator", estimator(case, classes))])
    cells = candidates(case, X, classes)
    grid = [cell for number, cell in enumerate(cells) if number not in case.get("left_out", [])]
    scoring = scorers(case, positive)
    told = case.get("by_hand", {}).get("fit", {})
    cv = splitter(case, None if folds is None else numbers(folds)[train])
    train_scores = case.get("train_scores", False)
    search = GridSearchCV(
        pipeline, grid, scoring=scoring, refit=False, cv=cv, error_score=np.nan, return_train_score=train_scores
    )
    try:
        together = "Grouped" in case["cv"]["method"]
        groups = groups[train] if together else None
        found = search.fit(X.iloc[train], y[train], groups=groups, **told).cv_results_
    except ValueError as error:
        assert "fits failed" in str(error)
        return {"all_failed": True}
    left_out = case.get("left_out", [])
    if left_out:
        found = whole(found, left_out)
    columns = {
        name: values.tolist()
        for name, values in found.items()
        if re.match(r"(split\d+|mean|std|rank)_(test|train)_", name)
    }
    result = {"cells": len(found["params"]), "columns": columns, "sizes": [len(train), len(validation), len(test)]}
    means = found[f"mean_test_{case['objective']}"]
    if np.isnan(means).all():
        return result
    best = simplest(case, found) if "simplest" in case else int(found[f"rank_test_{case['objective']}"].argmin())
    winner = pipeline.set_params(**clone(found["params"][best], safe=False))
    both = np.concatenate([train, validation])
    first = clone(winner).fit(X.iloc[train], y[train], **told)
    second = clone(winner).fit(X.iloc[both], y[both], **told)
    result["best"] = best
    for part, rows, model in (("training", train, first), ("validation", validation, first), ("test", test, second)):
        found = metrics.check_scoring(model, scoring, raise_exc=False)(model, X.iloc[rows], y[rows])
        result[part] = {m: None if isinstance(s, str) or not np.isfinite(s) else s for m, s in found.items()}
    result["predictions"] = [number if regression else classes[number] for number in second.predict(X).tolist()]
    return result


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    cases = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump({name: run(case) for name, case in cases.items()}, sys.stdout)
