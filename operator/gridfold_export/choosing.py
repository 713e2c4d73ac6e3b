"""Which cell the script takes for the winner."""

from collections.abc import Iterator

from gridfold.api.v1alpha1 import Prefer, Scoring
from gridfold.domain.grid import script_name
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import quoted


def refit_function(scoring: Scoring, objective: str) -> Iterator[Fragment]:
    """Yield the function that chooses, where the first cell with the best mean is not the one."""
    if scoring.simplest:
        keys = (
            f"{'-' if item.prefer is Prefer.HIGHEST else ''}size(parameters[{quoted(script_name(item.parameter))}]),"
            for item in scoring.simplest
        )
        yield load("simplest", objective=objective, keys="\n".join(f"{' ' * 12}{key}" for key in keys))


def winner(scoring: Scoring, objective: str, table: str, is_score: str) -> Fragment:
    """Return the last fits and what is reported of them; `is_score` tells of a name whether its column has scores."""
    if scoring.simplest:
        choice = {"winner": "the simplest cell within one standard deviation", "best": "simplest(table)"}
    else:
        choice = {
            "winner": "the first cell with the best mean",
            "best": f'int(table["rank_test_{objective}"].argmin())',
        }
    scores = f"{{name: table[name].tolist() for name in table if {is_score}}}"
    if scoring.train_scores:  # too long for one line
        scores = f"{{\n        name: table[name].tolist()\n        for name in table\n        if {is_score}\n    }}"
    return load("winner", objective=objective, table=table, scores=scores, **choice)
