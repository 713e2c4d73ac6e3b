"""Numbers on the page about cells are those of results.csv, computed again by numpy; the others are status.json's."""

import csv
import io
import json
import re
from html import unescape
from typing import Any

import numpy as np
import pytest

from gridfold_report import read, render
from tests.unit.report.runs import files

GRID = {"C": [0.1, 1, 10, 100], "kind": ["a", "b", "c"], "gamma": [1, 2]}
LOST = {4: ("failed", "FitFailed: it would not converge"), 9: ("infeasible", "ValueError: refused")}


def cells_of(html: str) -> list[list[str]]:
    """Return the texts of the cells of each row of a piece of the page."""
    rows = re.findall(r"(?s)<tr[^>]*>(.*?)</tr>", html)
    return [[text_of(cell) for cell in re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def part(html: str, name: str) -> str:
    """Return the section or figure that is labelled so."""
    (found,) = re.findall(rf'(?s)<(?:section|figure) aria-labelledby="{name}">(.*?)</(?:section|figure)>', html)
    return str(found)


def number(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


@pytest.fixture(params=[1.0, -1.0], ids=["gains", "losses"])
def made(request: pytest.FixtureRequest) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """A page, and the rows of its results.csv with numbers; scores rise with C and fall with gamma, by fold in part."""

    def score(fold: int, cell: Any) -> float:
        drawn = np.random.default_rng([fold, GRID["C"].index(cell["C"]), "abc".index(cell["kind"]), cell["gamma"]])
        return float(request.param * (0.5 + 0.1 * np.log10(cell["C"]) - 0.03 * cell["gamma"] + drawn.normal(0, 0.02)))

    status, results = files(GRID, score, ends=LOST)
    rows = []
    for line in csv.DictReader(io.StringIO(results.decode())):
        folds = [float(line[f"split{fold}_test_f1"] or "nan") for fold in range(5)]
        rows.append({**json.loads(line["params"]), "index": line["index"], "folds": folds, "mean": np.mean(folds)})
    return render(read(status, results)).decode(), [row for row in rows if np.isfinite(row["mean"])], json.loads(status)


def test_folds_and_means_of_the_best_cells(made: tuple[str, list[dict[str, Any]], Any]) -> None:
    html, rows, _ = made
    shown = part(html, "cells")
    best = sorted(rows, key=lambda row: -row["mean"])
    assert len(best) == 22
    assert [row[4] for row in cells_of(shown)[1:]] == [number(row["mean"]) for row in best]
    assert [row[1].split()[0] for row in cells_of(shown)[1:]] == [row["index"] for row in best]
    labels = re.findall(r'aria-label="folds ([^"]*)"', shown)
    assert [label.split() for label in labels] == [[number(fold) for fold in row["folds"]] for row in best]


def test_what_the_values_of_each_parameter_reach(made: tuple[str, list[dict[str, Any]], Any]) -> None:
    html, rows, _ = made
    shown = re.sub(r"(?s)<figure.*", "", part(html, "parameters"))
    found = {}
    name = ""
    for row in cells_of(shown)[1:]:
        if len(row) == 1:
            name = row[0]
        else:
            found[name, row[0].removesuffix(" winner")] = (row[1], row[3], row[4])
    assert found == {
        (name, str(value)): (str(len(means)), number(float(np.median(means))), number(max(means)))
        for name, values in GRID.items()
        for value in values
        for means in [[row["mean"] for row in rows if row[name] == value]]
    }


def test_the_fields_of_the_strongest_pair(made: tuple[str, list[dict[str, Any]], Any]) -> None:
    html, rows, _ = made
    (columns, values, *fields) = cells_of(part(html, "pair"))
    across, down = columns[-1], values[0]
    assert {across, down} < {*GRID}
    for row in fields:
        for value, text in zip(values[1:], row[1:], strict=True):
            means = [found["mean"] for found in rows if str(found[across]) == value and str(found[down]) == row[0]]
            told = [max(means), float(np.median(means))] if len(means) > 1 else means
            assert text.split() == [*map(number, told)]


def test_the_table_of_all_cells(made: tuple[str, list[dict[str, Any]], Any]) -> None:
    html, rows, _ = made
    head, *lines = cells_of(part(html, "table"))
    known = {row["index"]: row for row in rows}
    assert {line[1] for line in lines} == {str(index) for index in range(24)}
    for line in lines:
        row = dict(zip(head, line, strict=True))
        if (found := known.get(row["Cell"])) is None:
            assert (row["f1"], row["accuracy"]) == ("–", "–")
            continue
        mean = number(found["mean"])
        assert (row["f1"], row["accuracy"]) == (f"{mean} ± {np.std(found['folds']):.4f}", mean)
        assert row["Fit time"] == f"{10 * (int(row['Cell']) + 1)} ms"
        assert [row[name] for name in GRID] == [str(found[name]) for name in GRID]


def test_the_numbers_of_the_model_are_those_of_status_json() -> None:
    status, results = files(GRID, lambda fold, cell: 0.5 + fold / 100 + cell["gamma"] / 10)
    test = {"scores": {"f1": 0.5, "accuracy": 0.4}, "intervals": {"f1": [0.1, 0.2], "accuracy": [0.2, 0.3]}}
    parts = {"training": {"f1": 0.9, "accuracy": 0.8}, "validation": {"f1": 0.65, "accuracy": 0.6}, "test": test}
    html = render(read(json.dumps({**json.loads(status), **parts}).encode(), results)).decode()
    folds = np.array([0.5 + fold / 100 + 0.2 for fold in range(5)])
    told = f"{np.mean(folds):.4f} ± {np.std(folds):.4f}"
    assert [line[1:] for line in cells_of(part(html, "model"))[1:]] == [
        [told, "0.9000", "0.6500", "0.5000", "0.1000 to 0.2000"],
        [told, "0.8000", "0.6000", "0.4000", "0.2000 to 0.3000"],
    ]
    tops = [text_of(found) for found in re.findall(r'(?s)<p class="value">(.*?)</p>', html)]
    assert tops == [number(float(np.mean(folds))), number(float(np.mean(folds))), "0.6500", "0.5000"]
