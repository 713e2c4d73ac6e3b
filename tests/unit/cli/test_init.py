"""`gridfold init`: from a table to a job that is valid and runs."""

import random
from pathlib import Path

import pytest

from gridfold_cli.commands.first_job import delimiter_of
from gridfold_cli.reading.documents import load_training_job
from tests.unit.cli.cluster_cli import Cli


def table(path: Path, target: str, rows: int = 120) -> Path:
    draw = random.Random(0)
    values = {
        "classes": lambda a: "yes" if a > 0.5 else "no",
        "numbers": lambda a: f"{3 * a + draw.random():.4f}",
    }[target]
    lines = [f"{a:.3f},{draw.choice('xyz')},{values(a)}" for a in (draw.random() for _ in range(rows))]
    path.write_text("\n".join(["a,b c,the target", *lines]) + "\n")
    return path


@pytest.mark.frames
@pytest.mark.parametrize(
    ("target", "rows", "estimator", "words"),
    [
        (
            "classes",
            120,
            "RandomForestClassifier",
            "2 columns beside the target: classification into 2 classes",
        ),
        ("numbers", 120, "RandomForestRegressor", "regression"),
        ("classes", 2500, "HistGradientBoostingClassifier", "2500 rows"),
    ],
)
def test_a_table_becomes_a_commented_job_that_is_valid(
    cli: Cli, target: str, rows: int, estimator: str, words: str
) -> None:
    table(cli.folder / "My Data.csv", target, rows)
    done = cli("init", "My Data.csv", "--target", "the target", "-o", "job.yaml")
    assert done.code == 0, done.err
    assert words in done.out
    job = load_training_job(cli.folder / "job.yaml")
    assert (job.metadata.name, job.spec.dataset.target) == ("my-data", "the target")
    assert job.spec.estimator.class_name == f"sklearn.ensemble.{estimator}"
    assert (cli.folder / "job.yaml").read_text().count("#") > 8
    assert cli("validate", "job.yaml").code == 0
    assert sorted(path.name for path in cli.folder.iterdir()) == ["My Data.csv", "job.yaml", "kubeconfig"]


@pytest.mark.frames
@pytest.mark.parametrize("stem", ["2024", "y", "null", "1e5"])
def test_a_file_may_be_called_what_is_no_text_in_yaml(cli: Cli, stem: str) -> None:
    table(cli.folder / f"{stem}.csv", "classes")
    done = cli("init", f"{stem}.csv", "--target", "the target")
    assert done.code == 0, done.err
    assert load_training_job(cli.folder / f"{stem}.yaml").metadata.name == stem


@pytest.mark.frames
@pytest.mark.parametrize(
    ("name", "content", "target", "words"),
    [
        ("a.csv", b"a,b\n1,2\n3,4\n", "c", "c"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\xff", "a", "a.csv"),
        ("a.csv", b"", "a", "a.csv is empty (0 bytes); expected a CSV file."),
        ("a.csv", b"\n\n", "a", "a.csv has no record, only blank lines; expected a CSV file."),
        ("a.jsonl", b"", "a", "a.jsonl is empty (0 bytes); expected a file of JSON lines."),
    ],
)
def test_what_is_no_table_is_refused_with_words_and_nothing_is_written(
    cli: Cli, name: str, content: bytes, target: str, words: str
) -> None:
    (cli.folder / name).write_bytes(content)
    done = cli("init", name, "--target", target)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err
    assert "internal" not in done.err.lower()
    assert not (cli.folder / "a.yaml").exists()


def test_nothing_is_overwritten(cli: Cli) -> None:
    table(cli.folder / "a.csv", "classes")
    (cli.folder / "a.yaml").write_text("mine")
    done = cli("init", "a.csv", "--target", "the target")
    assert done.code == 2
    assert "init never overwrites" in done.err
    assert (cli.folder / "a.yaml").read_text() == "mine"


@pytest.mark.parametrize(("name", "words"), [("none.csv", "there is no such file"), (".", "is a folder")])
def test_what_is_no_file_is_told(cli: Cli, name: str, words: str) -> None:
    done = cli("init", name, "--target", "y", "-o", "new.yaml")
    assert done.code == 2
    assert words in done.err


@pytest.mark.parametrize(
    ("start", "delimiter"),
    [
        (b"a,b;c\n1;2", ","),
        (b"\xef\xbb\xbfa;b;c|d\r\n1,2,3,4,5", ";"),
        (b'"a, b"\tc\n', "\t"),
        (b"a|b", "|"),
        (b"a\n1\n", ","),
        (b"", ","),
        (b'{"a;b": 1}\n', ","),
        (b"PAR1;\0\0", ","),
        (b"\x1f\x8b\x08\xff", ","),
    ],
)
def test_the_delimiter_is_that_of_the_first_line(start: bytes, delimiter: str) -> None:
    assert delimiter_of(start) == delimiter
