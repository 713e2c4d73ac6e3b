"""report.html: what the run has found, for people. It is made of the other files, and nothing hangs on it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridfold_trainer.data.frames import add_frames

REPORT = "report.html"
_CHARACTERS = 256


@dataclass(frozen=True)
class Page:
    """The page, or why there is none."""

    content: bytes | None
    summary: str = ""  #: what the run has found, in a line
    note: str = ""


def page_of(document: Mapping[str, Any], results: bytes, plots: bytes | None = None) -> Page:
    """Return the page about a run, given as its status.json and its results.csv; whatever goes wrong is a note."""
    try:
        return make_page(json.dumps(document, ensure_ascii=False, allow_nan=False).encode(), results, plots)
    except Exception as error:  # a run is not lost for a page, whatever is wrong with that
        told = f"{type(error).__name__}: {error}"[:_CHARACTERS]
        return Page(None, note=f"report.html could not be made ({told}); `gridfold report` tries it again.")


def make_page(status: bytes, results: bytes, plots: bytes | None = None) -> Page:
    """Return the page; Jinja2 lies in the folder of pandas, beside site-packages."""
    add_frames()
    import gridfold_report

    run = gridfold_report.read(status, results, plots)
    return Page(gridfold_report.render(run), gridfold_report.summary(run))
