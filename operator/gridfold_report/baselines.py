"""What learning and tuning have brought: the winner beside a dummy and beside the estimator's defaults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gridfold.domain.baselines import gain_of, worth
from gridfold_report import texts
from gridfold_report.standing import Standing


@dataclass(frozen=True)
class Line:
    """One of the things that the winner is compared with."""

    name: str
    mean: str
    verdict: str


def baselines(standing: Standing) -> list[Line]:
    """Return the winner and what is known beside it; [] where a run of an earlier version knows of nothing."""
    run, found = standing.run, standing.selection
    if run.winner is None or not (found.get("dummy") or found.get("defaults")):
        return []
    return [Line(f"Winner, cell {run.winner.index}", texts.score(run.winner.mean(run.objective)), ""), *_others(found)]


def _others(found: Mapping[str, Any]) -> Iterator[Line]:
    for name in ("defaults", "dummy"):
        document = found.get(name)
        if document:
            yield Line(_name(document), texts.score(document["mean"]), _sentence(worth(gain_of(document))))
    if not found.get("defaults"):
        yield Line("The estimator's defaults", "–", "Not known: add {} to spec.search.grid to have them as a cell.")


def _name(document: Mapping[str, Any]) -> str:
    if "answer" in document:
        return f"A dummy that always answers {texts.cut(document['answer'])}"
    return "The estimator's defaults" + ("" if document["cell"] is None else f", cell {document['cell']}")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}.".replace("-", "−")
