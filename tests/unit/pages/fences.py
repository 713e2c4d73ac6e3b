"""The pages for readers, and what they show between fences."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "charts/gridfold/README.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Fence:
    """What stands between two fences of a page."""

    page: Path
    line: int
    language: str  #: "" where none is named: what a program prints
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def _fences() -> Iterator[Fence]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in _FENCE.finditer(text):
            yield Fence(page, text.count("\n", 0, found.start()) + 1, found[2], textwrap.dedent(found[3]))


FENCES = list(_fences())


def every(*languages: str) -> pytest.MarkDecorator:
    """Return a mark by which a test is about each fence of these languages."""
    return pytest.mark.parametrize("fence", [one for one in FENCES if one.language in languages], ids=str)
