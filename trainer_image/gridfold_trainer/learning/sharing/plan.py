"""From cells to an ordered tree of work: transform the rows once, fit once for several cells, cut. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridfold_trainer.learning.sharing.rules import Parameters, Rule, rule_of

_PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class Described:
    """What of a cell decides what it shares."""

    estimator: str  #: its full name
    parameters: Parameters = field(hash=False)  #: all that the estimator has, defaults too
    preparation: str | None  #: equal where the steps before the estimator are; None: nothing of it is shared


@dataclass(frozen=True)
class Fit:
    """A fit, and the cells that it serves: the first is fitted, the others are cut from it."""

    members: tuple[int, ...]
    rule: Rule | None = None  #: None: it has one cell


@dataclass(frozen=True)
class Transform:
    """A preparation, fitted and applied once per split, and the fits on what it gives."""

    fits: tuple[Fit, ...]

    @property
    def members(self) -> tuple[int, ...]:
        """Return all of its cells."""
        return tuple(member for fit in self.fits for member in fit.members)


def plan(cells: Sequence[Described], rules: Mapping[str, Rule | None] | None = None) -> tuple[Transform, ...]:
    """Return the tree of work for some cells of one job, in the order in which it is to be walked.

    Every cell is in it once. `rules` stand in the place of the registry's, by estimator.
    """
    prepared: dict[Hashable, dict[Hashable, list[int]]] = {}
    for number, cell in enumerate(cells):
        preparation = number if cell.preparation is None else cell.preparation
        rule = _rule(cell, rules)
        family = number if rule is None else _family(cell, rule)
        prepared.setdefault(preparation, {}).setdefault(family, []).append(number)
    return tuple(
        Transform(tuple(_fit([cells[number] for number in members], members, rules) for members in families.values()))
        for families in prepared.values()
    )


def _rule(cell: Described, rules: Mapping[str, Rule | None] | None) -> Rule | None:
    rule = rule_of(cell.estimator) if rules is None else rules.get(cell.estimator)
    return rule if rule is not None and rule.exact(cell.parameters) and _is_plain(cell.parameters) else None


def _family(cell: Described, rule: Rule) -> str:
    """Return what cells have in common that one fit serves: 1, 1.0 and True are not the same."""
    return repr((cell.estimator, sorted(item for item in cell.parameters.items() if item[0] not in rule.axes)))


def _fit(cells: Sequence[Described], members: Sequence[int], rules: Mapping[str, Rule | None] | None) -> Fit:
    rule = _rule(cells[0], rules)
    if rule is None or len(members) == 1:
        return Fit(tuple(members))
    longest = max(range(len(cells)), key=lambda number: rule.length(cells[number].parameters))
    return Fit((members[longest], *members[:longest], *members[longest + 1 :]), rule)


def _is_plain(value: Any) -> bool:
    """Tell whether the text of a value says all of it: that of an estimator or a long array does not."""
    if isinstance(value, Mapping):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)
