"""The job that `gridfold init` writes runs to its end, on tables as people have them; Ctrl-C leaves nothing behind."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import Answer, violations

LIMIT_SECONDS = 240


def gridfold(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "gridfold_cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )


def classes(header: str, separator: str = ",", end: str = "\n", rows: int = 60) -> str:
    """Return a table of a number, a category and a class; some numbers are missing."""
    draw = random.Random(1)
    lines = [header]
    for number in range(rows):
        size = draw.random()
        shown = "" if number % 13 == 5 else f"{size:.3f}"
        lines.append(separator.join([shown, draw.choice(["red", "blue"]), "ja" if size > 0.5 else "nein"]))
    return end.join(lines) + end


def quantities() -> str:
    draw = random.Random(2)
    rows = [(draw.random(), draw.random()) for _ in range(60)]
    return "a,b,y\n" + "".join(f"{a:.3f},{b:.3f},{3 * a - b:.4f}\n" for a, b in rows)


@pytest.mark.parametrize(
    ("name", "content", "target"),
    [
        pytest.param(
            "Kunden (2024) final.csv",
            classes("Größe: cm,colour,yes: #1").encode(),
            "yes: #1",
            id="names",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "with-mark.csv",
            b"\xef\xbb\xbf" + classes('size,colour,"say ""hi"", $x"', end="\r\n").encode(),
            'say "hi", $x',
            id="mark-and-quotes",
        ),
        pytest.param(
            "semicolons.csv",
            classes("size;colour;on", separator=";").encode(),
            "on",
            id="semicolons",
            marks=pytest.mark.long,
        ),
        pytest.param("quantities.csv", quantities().encode(), "y", id="numbers"),
    ],
)
def test_a_first_job_runs_to_its_end_and_its_report_can_be_read_by_everyone(
    axe: str, answer: Answer, tmp_path: Path, name: str, content: bytes, target: str
) -> None:
    (tmp_path / name).write_bytes(content)
    made = gridfold(tmp_path, "init", name, "--target", target, "-o", "first.yaml")
    assert made.returncode == 0, made.stderr
    assert "Run it: gridfold run first.yaml" in made.stdout
    run = gridfold(tmp_path, "run", "first.yaml")
    assert run.returncode == 0, run.stderr
    (latest,) = tmp_path.glob("*-results/latest.json")
    (status,) = latest.parent.glob("runs/*/status.json")
    assert violations((status.parent / "report.html").read_text(), axe, answer) == []
    found = json.loads(status.read_text())
    assert (found["cells"]["succeeded"], found["dataset"]["rows"]) == (found["cells"]["total"], 60)
