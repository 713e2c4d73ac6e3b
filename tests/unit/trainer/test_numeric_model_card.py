"""What the model card says of scores and of raw rows; the oracle suite runs its program."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from gridfold.api.handoff import StageInput
from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.data.raw_rows import prediction_code
from gridfold_trainer.outcome.model_card import model_card
from tests.unit.trainer.numeric_jobs import World, small_data


def job_of(world: World, uri: str, markers: list[str], *, trim: bool = True, header: bool = True) -> StageInput:
    csv: dict[str, Any] = {"missingValues": markers}
    csv |= {} if header else {"header": False, "columnNames": ["size", "colour", "weight", "target"]}
    dataset = {"sources": [{"uri": uri}], "target": "target", "csv": csv}
    return world.job(dataset=dataset, cleaning={"trimText": trim})


@pytest.mark.parametrize(
    ("uri", "trim", "expected"),
    [
        ("file:x.csv", True, '["", "?", "-1"]'),
        ("file:x.csv", False, '["", " ? ", "-1"]'),
        ("file:x.parquet", True, '["", "?", "-1", "-1.0"]'),  # one number there, however it is written
    ],
)
def test_missing_means_on_the_card_what_it_meant_in_prepare(
    tmp_path: Path, uri: str, trim: bool, expected: str
) -> None:
    world = World(tmp_path)
    code = prediction_code(job_of(world, uri, [" ? ", "-1"], trim=trim).spec, world.data, [])
    assert f"rows.isin({expected})" in code
    compile(code, "card", "exec")


@pytest.mark.parametrize(("uri", "zeros"), [("file:x.csv", '["0"]'), ("file:x.parquet", '["0", "0.0"]')])
def test_markers_of_one_column_stand_on_the_card_if_the_model_sees_it(tmp_path: Path, uri: str, zeros: str) -> None:
    world = World(tmp_path)
    spec = job_of(world, uri, []).spec
    dataset = spec.dataset.model_copy(update={"column_missing_values": {"size": [" 0 "], "target": ["x"]}})
    code = prediction_code(spec.model_copy(update={"dataset": dataset}), world.data, [])
    assert f'for name, texts in {{"size": {zeros}}}.items():' in code
    assert "target" not in code
    compile(code, "card", "exec")


@pytest.mark.parametrize(("trim", "header", "trims"), [(True, True, True), (False, True, False), (True, False, False)])
def test_names_of_a_header_are_trimmed_as_in_prepare(tmp_path: Path, trim: bool, header: bool, trims: bool) -> None:
    world = World(tmp_path)
    code = prediction_code(job_of(world, "file:x.csv", [], trim=trim, header=header).spec, world.data, [])
    assert ("raw.columns = raw.columns.str.strip()" in code) == trims


def status_of(average: str = "Binary", others: int = 0) -> dict[str, Any]:
    """Return status.json of a run as far as the card reads it."""
    best = {"cell": 0, "parameters": {}, "scores": {"f1": {"mean": 0.5, "std": 0.1}}}
    return {
        "best": {**best, "indistinguishableFrom": others},
        "training": {},
        "validation": {},
        "test": {"scores": {}, "intervals": {}, "openings": 1},
        "resolved": {"metrics": ["accuracy", "f1"], "average": average},
        "dataset": {"rows": 120, "parts": {"train": 84}, "digest": "d", "splitDigest": "s"},
        "estimator": "sklearn.svm.SVC", "objective": "f1", "cells": {"total": 3}, "notes": [], "versions": {},
        "trustedTypes": ["numpy.dtype", "scipy.sparse._csr.csr_matrix", "sklearn.tree._tree.Tree"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "average", "others", "words"),
    [
        (("no", "yes"), "Binary", 1, ["F1 is about the class `yes`", "1 other cell does"]),
        (("no", "yes"), "Micro", 0, ["averages over the classes (Micro)", "0 other cells do not"]),
        (("a", "b", "c"), "Macro", 2, ["averages over the classes (Macro)", "2 other cells do not"]),
    ],
)
def test_the_card_says_what_the_scores_are_about(
    tmp_path: Path, classes: tuple[str, ...], average: str, others: int, words: list[str]
) -> None:
    world = World(tmp_path, small_data(classes=classes))
    status = status_of(average, others)
    card = model_card(world.job(), status, world.data)
    assert all(text in card for text in words)
    assert "all of numpy and scipy and sklearn:" in card
    status["resolved"]["metrics"] = ["accuracy"]
    assert "the class" not in model_card(world.job(), status, world.data)


HOSTILE = [
    "\x1b[2J\u202egnp.exe",
    "a`` <img src=https://evil/x> ``",
    "```\n# Model card: another\n```",
    "a | b |\n| c\\",
    "![x](https://evil/x)",
    "\ud800",
    "x" * 10_000,
    "`" * 10_000,
]


def test_names_labels_and_values_stay_texts_on_the_card(tmp_path: Path) -> None:
    """Whoever writes a header or a label chooses them, and others read the card in a browser and in a terminal."""
    classes = (*HOSTILE, *(f"class {number}" for number in range(200)))
    columns = [Column(name, ColumnType.CATEGORICAL, (*HOSTILE, *map(str, range(200)))) for name in HOSTILE]
    data = replace(small_data(), columns=tuple(columns), classes=classes, target=HOSTILE[1])
    status = status_of("Macro")
    status["best"]["parameters"] = {f"p{number}": text for number, text in enumerate(HOSTILE)}
    status |= {"notes": HOSTILE[1:5], "headline": HOSTILE[0]}
    job = World(tmp_path).job()
    card, program = model_card(job, status, data), prediction_code(job.spec, data, status["trustedTypes"])
    tokens = MarkdownIt("commonmark").enable("table").parse(card)
    assert {child.type for token in tokens for child in token.children or []} == {"text", "code_inline"}
    kinds = [token.tag if token.type.endswith("_open") else token.type for token in tokens]
    assert not [kind for kind in kinds if "html" in kind]
    assert kinds.count("h1") == 1
    assert kinds.count("tr") == len(["scores", "f1", "columns", *HOSTILE, "versions"])
    assert [token.content for token in tokens if token.type == "fence"] == [f"{program}\n"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800]", card)
    assert len(card) - len(program) < 50_000
    assert f"and {len(classes) - 100} more." in card
