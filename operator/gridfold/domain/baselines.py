"""What the winner is worth: beside answers that need no learning, and beside the estimator that nobody has tuned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.selection import BaselineStatus
from gridfold.domain.leaderboard import format_difference, format_score
from gridfold.domain.numbers.gain import Gain, gain
from gridfold.domain.numbers.judged import NONE, known, mean, std
from gridfold.domain.visible import excerpt

#: What cannot be told apart from nothing, gained over it and lost.
_VERDICTS = {1: "", 0: ", which cannot be told from nothing", -1: ": the winner is worse"}


@dataclass(frozen=True)
class Baseline:
    """The scores of something that was not searched for, on the winner's folds."""

    scores: Mapping[str, Sequence[float | None]]  #: by metric, one of each split; None: the split has none
    answer: str = ""  #: of a dummy: what it says of every row
    cell: int | None = None  #: of the estimator's defaults: the cell of the grid that has them


def baseline_document(found: Baseline, winner: Sequence[float], objective: str, test_share: float) -> dict[str, Any]:
    """Return what status.json has of a baseline.

    Args:
        found: the baseline.
        winner: the winner's scores of the objective, one of each split.
        objective: the metric.
        test_share: rows to score on ÷ rows to fit on, of all splits together.
    """
    scores = {metric: [NONE if one is None else one for one in column] for metric, column in found.scores.items()}
    more = gain(scores[objective], winner, test_share)
    return {
        **({"answer": found.answer} if found.answer else {"cell": found.cell}),
        "mean": known(mean(scores[objective])),
        "scores": {
            metric: {"mean": known(mean(column)), "std": known(std(column))} for metric, column in scores.items()
        },
        "folds": list(found.scores[objective]),
        "gain": more and {"value": more.value, "interval": more.interval},
    }


def gain_of(document: Mapping[str, Any]) -> Gain | None:
    """Return what the winner has more than a baseline, by its document; None where a split has no score."""
    found = document["gain"]
    return found and Gain(found["value"], found["interval"] and tuple(found["interval"]))


def baseline_status(document: Mapping[str, Any] | None) -> BaselineStatus | None:
    """Return what the status shows of `baseline_document`, None where the baseline has no mean of the objective."""
    if document is None or document["mean"] is None:
        return None
    found = gain_of(document)
    return BaselineStatus(
        answer=excerpt(document.get("answer", "")) or None,
        cell=document.get("cell"),
        score=format_score(document["mean"]),
        gain=found and format_score(found.value),
        gain_interval=found and found.interval and [format_score(end) for end in found.interval],
        verdict=worth(found),
    )


def worth(found: Gain | None) -> str:
    """Return in words what the winner has more than a baseline."""
    if found is None:
        return "the winner cannot be compared with it"
    told = f"the winner has {format_difference(found.value)}"
    if found.interval is None:
        return f"{told} on every fold" if found.value else "the winner has the same on every fold"
    return f"{told} [{', '.join(map(format_difference, found.interval))}]{_VERDICTS[found.sign]}"


def baseline_lines(
    dummy: BaselineStatus | None, defaults: BaselineStatus | None, objective: str
) -> Iterator[tuple[str, str]]:
    """Yield title and text of what learning, and what tuning has brought."""
    if dummy is not None:
        yield "Dummy", f"always answering {dummy.answer}: {objective} {dummy.score}; {dummy.verdict}"
    if defaults is not None:
        where = "" if defaults.cell is None else f" (cell {defaults.cell})"
        yield "Defaults", f"not tuned at all{where}: {objective} {defaults.score}; {defaults.verdict}"
