"""How `make docs` makes the pages a site.

Its source is the repository, so that the same links hold here and there; what stands in the margin, and in which order,
follows from the lists of docs/README.md. A link to a page that is not there, or a page in no list, is an error.
"""

import re
from collections.abc import Iterator
from typing import Any

project = html_title = "Gridfold"
extensions = ["myst_parser"]
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md"]
include_patterns += ["charts/gridfold/README.md", "examples/gitops/README.md"]
root_doc = "docs/README"
html_theme = "furo"
html_copy_source = html_show_sphinx = html_show_copyright = False
myst_heading_anchors = 4  # as on GitHub

#: Pages that other pages name, each below one of those.
_BELOW = {"docs/nodes": "nodes/*", "docs/metrics": "runbooks/*", "docs/install": "/charts/gridfold/README"}


def setup(app: Any) -> None:
    """Have the lists of pages read as contents."""
    app.connect("source-read", _add_contents)


def _add_contents(_app: Any, page: str, source: list[str]) -> None:
    if page == root_doc:
        lists = ["# Gridfold\n\n- [](../README.md)", *re.split(r"(?m)^(?=For )", source[0])[1:]]
        source[0] += "".join(map(_contents, lists))
    elif page in _BELOW:
        source[0] += _contents_of(None, [_BELOW[page]])


def _contents(text: str) -> str:
    caption = re.match(r"For (.+?):", text)
    return _contents_of(caption and caption[1].capitalize(), list(_pages(text)))


def _pages(text: str) -> Iterator[str]:
    for path in re.findall(r"\]\(([^)]+)\.md\)", text):
        yield f"/{path.removeprefix('../')}" if path.startswith("../") else path


def _contents_of(caption: str | None, pages: list[str]) -> str:
    named = f":caption: {caption}\n" if caption else ""
    return "\n\n```{toctree}\n:hidden:\n:glob:\n:maxdepth: 1\n" + named + "\n" + "\n".join(pages) + "\n```\n"
