"""The pages for readers: their TrainingJobs are valid, their links lead somewhere, no word is left unexplained."""

import re
from pathlib import Path

import click
import pytest

from gridfold.api.conditions import Reason
from gridfold.api.validation import parse_training_job
from gridfold_cli.commands.group import gridfold
from gridfold_cli.reading.kubectl_yaml import read_documents
from gridfold_trainer import errors, inspection
from gridfold_trainer.outcome import current_run

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
JOBS = [
    pytest.param(document, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
    if "kind: TrainingJob" in block
    for document in (found.value for found in read_documents(block))  # as kubectl reads it: y is true
]


@pytest.mark.parametrize("document", JOBS)
def test_a_job_of_a_page_is_valid(document: dict[str, object]) -> None:
    parse_training_job(document)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_of_a_page_is_there(page: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    words = re.findall(r"^(?:\.venv/bin/)?gridfold ([a-z-]+)", "\n".join(blocks), re.MULTILINE)
    context = click.Context(gridfold)
    assert [word for word in words if gridfold.get_command(context, word) is None] == []


def test_every_reason_is_explained() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(getattr(kind, "reason", None), str)]
    named = {kind.reason for kind in kinds if kind is not errors.TrainerError}
    named |= {current_run.NoResultsError.reason, inspection.CopyFailedError.reason}
    told = set(re.findall(r"`([A-Z]\w+)`", (ROOT / "docs/reasons.md").read_text("utf-8")))
    assert {str(reason) for reason in Reason} | named <= told
    assert len(named) > 20


def test_every_page_is_in_the_list_of_pages() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"({page.name})" not in index] == ["README.md"]
