"""The documentation can be made a site, and a link that leads nowhere or a page in no list is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPHINX = Path(sys.prefix) / "gridfold-site"


def build(source: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Have Sphinx make a site of the pages below a folder, as `make docs` does."""
    if not SPHINX.exists():
        pytest.skip(f"Sphinx is not in {SPHINX}; `make docs` installs it")
    options = ["-q", "-W", "--keep-going", "-n", "-c", str(ROOT / "docs/site"), "-d", str(folder / "doctrees")]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(source), str(folder / "site")],
        env={**os.environ, "PYTHONPATH": str(SPHINX)},
        capture_output=True,
        text=True,
    )


def test_every_page_is_on_the_site_and_every_link_between_pages_leads_somewhere(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {path.relative_to(ROOT).with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*.html")}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("[there](nowhere.md)", "nowhere.md"),
        ("[there](b.md#no-heading)", "no-heading"),
        ("[there](b.md#what-it-is)", ""),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path, page: str, words: str) -> None:
    files = {"README.md": "# One", "docs/README.md": "# Two\n\nFor all:\n\n- [a](a.md)\n- [b](b.md)\n"}
    for name, text in {**files, "docs/a.md": f"# A\n\n{page}\n", "docs/b.md": "# B\n\n## What it is\n"}.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = build(tmp_path / "source", tmp_path)
    assert (done.returncode == 0) is (not words), done.stderr
    assert words in done.stderr
