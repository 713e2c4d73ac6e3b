"""The pages for readers: their links lead somewhere, no word is left unexplained, no page is left out.

What they show, YAML, commands and Python, is judged in tests/unit/pages.
"""

import re
from pathlib import Path

import pytest

from gridfold.api.conditions import Reason
from gridfold_trainer import errors, inspection
from gridfold_trainer.outcome import current_run
from tests.unit.pages.fences import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


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
