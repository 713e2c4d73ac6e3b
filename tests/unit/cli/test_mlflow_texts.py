"""What MLflow is given of a run stays within its limits, and who may be asked at which address."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold_cli.errors import InvalidInputError
from gridfold_cli.mlflow import addresses
from gridfold_cli.mlflow.addresses import address_of
from gridfold_cli.mlflow.exported import BEST_CELLS, best_cells, whole_run
from gridfold_cli.mlflow.limits import REQUEST_BYTES, batches, names, number
from tests.unit.cli.stored_runs import row, status


@pytest.fixture(autouse=True)
def no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(addresses, "CREDENTIALS_FILE", tmp_path / "credentials")
    return tmp_path / "credentials"


@given(st.lists(st.text(), unique=True, max_size=8))
def test_every_name_is_one_that_mlflow_takes_and_no_two_are_one(wanted: list[str]) -> None:
    found = names(wanted)
    assert list(found) == wanted
    assert len(set(found.values())) == len(wanted)
    for name in found.values():
        assert re.fullmatch(r"[/\w.\- ]{1,250}", name)
        assert str(PurePosixPath(name)) == name
        assert not name.startswith("..")


def test_names_that_mlflow_takes_stay_as_they_are() -> None:
    wanted = ["C", "preprocessing.numeric.scale", "max_iter"]
    assert names(wanted) == dict(zip(wanted, wanted, strict=True))
    assert names(["a/b", "a:b"])["a/b"] == "a_b"


@given(st.lists(st.integers(0, 400_000), max_size=12), st.integers(1, 5))
def test_requests_hold_so_many_items_and_bytes(lengths: list[int], most: int) -> None:
    items = [{"key": str(place), "value": "x" * length} for place, length in enumerate(lengths)]
    found = list(batches(items, most))
    assert [item for batch in found for item in batch] == items
    assert all(0 < len(batch) <= most for batch in found)
    assert all(len(json.dumps(batch)) <= REQUEST_BYTES + 100 for batch in found)


def test_numbers_that_json_does_not_have_are_spelled_as_mlflow_reads_them() -> None:
    assert [number(value) for value in (0.1, float("inf"), float("-inf"), float("nan"))] == [
        0.1,
        "Infinity",
        "-Infinity",
        "NaN",
    ]


def whole(document: dict[str, Any], rows: list[dict[str, str]]) -> Any:
    return whole_run("s3://models/a/runs/3-0a1b2c3d/", document, "e" * 64, "well", rows)


def test_what_has_no_value_is_left_out_and_what_is_infinite_is_told() -> None:
    rows = [row(0, [0.5, None], 1, split1_test_f1="nan", mean_fit_time="inf")]
    found = {metric.name: metric.value for metric in whole(status(), rows).metrics}
    assert "cv_mean_f1" not in found and "validation_roc_auc" not in found
    assert (found["cv_f1"], found["mean_fit_time"]) == (0.5, float("inf"))


def test_training_scores_have_names_of_their_own() -> None:
    trained = {"split0_train_f1": "1.0", "mean_train_f1": "0.9", "std_train_f1": "0.1"}
    found = {metric.name: metric.value for metric in whole(status(), [row(0, [0.5, 0.5], 1, **trained)]).metrics}
    assert (found["cv_train_f1"], found["cv_train_mean_f1"], found["cv_train_std_f1"]) == (1.0, 0.9, 0.1)
    assert (found["cv_f1"], found["cv_mean_f1"]) == (0.5, 0.5)


def test_long_texts_are_cut_and_half_a_spec_is_none() -> None:
    document = status(spec={"estimator": {"parameters": {"words": "ä" * 7000}}}, notes=["n" * 9000])
    found = whole(document, [row(0, [0.5, 0.5], 1)])
    assert (len(found.params["words"]), found.params["words"][-1]) == (6000, "…")
    assert found.tags["gridfold.spec"] == "longer than a tag: it stands in status.json among the artifacts"
    assert len(found.tags["mlflow.note.content"]) == 5000


def test_a_name_of_the_data_is_no_markdown_in_the_note() -> None:
    document = status(notes=['column "![x](https://evil/x)" is rare', "\x1b[2J<img src=x>"])
    note = whole(document, [row(0, [0.5, 0.5], 1)]).tags["mlflow.note.content"]
    assert 'column "!\\[x\\](https://evil/x)" is rare' in note
    assert "\\\\u001b\\[2J\\<img src=x\\>" in note


def test_an_older_run_which_kept_less_is_taken_as_it_is() -> None:
    document = status()
    for name in ("spec", "selection", "headline", "notes"):
        del document[name]
    del document["test"]["intervals"]
    found = whole(document, [row(0, [0.5, 0.5], 1)])
    assert found.params == {"C": "0.5"}
    assert json.loads(found.tags["gridfold.spec"]) == {}
    assert (found.dataset["name"], json.loads(found.dataset["source"])) == ("data", {"sources": []})


def test_of_very_many_sources_the_number_is_told() -> None:
    spec = {"dataset": {"sources": [{"uri": f"s3://data/{'x' * 400}/{part}.csv"} for part in range(90)]}}
    found = whole(status(spec=spec), [row(0, [0.5, 0.5], 1)]).dataset
    assert (found["name"], json.loads(found["source"])) == ("0.csv", {"sources": 90})


def test_the_best_cells_are_the_first_by_rank_and_the_winner_is_one_of_them() -> None:
    rows = [row(place, [0.5, 0.5], 1 + place // 3) for place in range(40)] + [row(40, [None, 0.5], 41)]
    found = best_cells(status(best=0), rows, "parent")
    assert [cell.name for cell in found] == [f"cell {place}" for place in range(BEST_CELLS)]
    found = best_cells(status(best=30), rows, "parent")
    assert [cell.name for cell in found] == [f"cell {place}" for place in (*range(BEST_CELLS - 1), 30)]
    assert [cell.tags["gridfold.rank"] for cell in found[-2:]] == ["7", "11"]
    assert best_cells(status(best=None), rows[-1:], "parent") == []


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        (" https://mlflow.example.com/team/ ", "https://mlflow.example.com/team"),
        ("http://localhost:5000/#/experiments/1", "http://localhost:5000"),
        ("HTTP://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_the_address_is_that_of_the_page(uri: str, url: str) -> None:
    assert address_of(uri, {}).url == url


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("file:///home/me/mlruns", "MLflow keeps no runs in folders any more. Expected the address"),
        ("mlruns", "start a server (mlflow server), and name its address"),
        ("./mlruns", "gridfold speaks to MLflow over HTTP alone"),
        ("sqlite:///mlflow.db", "only an MLflow server writes to"),
        ("postgresql+psycopg2://me:s3cret@db/mlflow", r"mlflow server --backend-store-uri URI"),
        ("localhost:5000", "write http://localhost:5000"),
        ("me:s3cret@host:5000", "no server's address"),
        ("databricks://profile", "only MLflow's own client can write"),
        ("http://", "names no host"),
        ("http://host:port", "is no address"),
    ],
)
def test_what_no_server_answers_at_is_told_with_what_to_write(uri: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(words)) as error:
        address_of(uri, {})
    assert "expected" in str(error.value).lower()
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("text", ["0", "soon", "-1", "1.5"])
def test_a_time_that_is_none_is_told(text: str) -> None:
    assert address_of("http://host", {"MLFLOW_HTTP_REQUEST_TIMEOUT": "600"}).read_seconds == 600
    with pytest.raises(InvalidInputError, match=f"MLFLOW_HTTP_REQUEST_TIMEOUT is {text}; expected a whole number"):
        address_of("http://host", {"MLFLOW_HTTP_REQUEST_TIMEOUT": text})


@pytest.mark.parametrize("token", ["s3cret\n", "s3\r\ncret", " s3cret", "s3cret“"])
def test_a_token_that_no_header_can_have_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(InvalidInputError, match="MLFLOW_TRACKING_TOKEN cannot be sent: .* copy it again") as error:
        address_of("http://host", {"MLFLOW_TRACKING_TOKEN": token})
    assert "cret" not in str(error.value)


def test_credentials_come_from_variables_then_the_file_of_mlflow_then_the_address(no_file: Path) -> None:
    uri = "https://bob:p%40ss@mlflow.example.com"
    assert (address_of(uri, {}).user, address_of(uri, {}).password) == ("bob", "p@ss")
    no_file.write_text("[mlflow]\nmlflow_tracking_username = carl\nmlflow_tracking_password = 100%\n")
    assert (address_of(uri, {}).user, address_of(uri, {}).password) == ("carl", "100%")
    found = address_of(uri, {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "s3cret"})
    assert (found.user, found.password) == ("ann", "s3cret")
    assert "s3cret" not in repr(found)
