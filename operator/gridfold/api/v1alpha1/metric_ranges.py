"""What values a metric can have, and so which targets make sense: one that no model can miss or reach says nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

_HUNDRED = 100
#: Below this, a target above 1 is hardly meant in per cent.
_PERCENT_FROM = 2
LOSS = "neg_"
#: At most 1, without a lower end: 1 minus a quotient.
_QUOTIENTS = ("r2", "explained_variance", "d2_absolute_error_score", "d2_log_loss_score", "d2_brier_score")
#: Chances against chances: 1 says nothing, more is better.
_RATIOS = ("positive_likelihood_ratio",)
_CORRELATIONS = ("matthews_corrcoef", "cohen_kappa")
#: Always answering 0 has an error of 1, whatever the data.
_SHARES_OF_ERROR = ("neg_mean_absolute_percentage_error",)


@dataclass(frozen=True)
class Range:
    """A target is more than `low` and at most `high`."""

    low: int | None  #: every model has that; None: there is no such number
    high: int | None  #: None: there is no end


def metric_range(metric: str) -> Range:
    """Return the range of a metric's targets. What has no entry of its own is a share, or else a loss by its name."""
    if metric in _SHARES_OF_ERROR:
        return Range(-1, 0)
    if metric.startswith(LOSS):
        return Range(None, 0)
    if metric in _QUOTIENTS:
        return Range(None, 1)
    if metric in _RATIOS:
        return Range(0, None)
    return Range(-1 if metric in _CORRELATIONS else 0, 1)


def target_problem(metric: str, target: str) -> str | None:
    """Return why a target can never be missed or never be reached, and what to write; None where it makes sense."""
    found, value = metric_range(metric), Decimal(target)
    if found.high is not None and value > found.high:
        return f"{metric} is at most {found.high}, so that no model reaches {target}{_instead(metric, value)}"
    if found.low is None or value > found.low:
        return None
    if metric in _SHARES_OF_ERROR:
        return f"{metric} is a share: always answering 0 has -1, which meets {target}{_share(-value, '-')}"
    write = (
        f'; write "{-value}"'
        if found.low == 0 and 0 < -value <= 1
        else f"; write a number above {found.low}, or leave it out"
    )
    return f"{metric} is never below {found.low}, so that every model meets {target}{write}"


def target_problems(targets: Mapping[str, str], metrics: Iterable[str]) -> dict[str, str]:
    """Return what is wrong with the targets, by metric. Names that are no metrics are another rule's."""
    known = set(metrics)
    found = {metric: target_problem(metric, target) for metric, target in targets.items() if metric in known}
    return {metric: problem for metric, problem in found.items() if problem is not None}


def cel_rule(metrics: Iterable[str]) -> str:
    """Return the same in CEL."""
    groups: dict[Range, list[str]] = {}
    for metric in metrics:
        groups.setdefault(metric_range(metric), []).append(metric)
    value = "double(self.targets[m])"
    tests = []
    for found, names in groups.items():
        ends = [f"{value} <= {found.high}.0"] if found.high is not None else []
        ends += [f"{value} > {found.low}.0"] if found.low is not None else []
        listed = ", ".join(f"'{name}'" for name in names)
        tests.append(f"(!(m in [{listed}]) || ({' && '.join(ends)}))")
    return f"!has(self.targets) || self.targets.all(m, {' && '.join(tests)})"


def _instead(metric: str, value: Decimal) -> str:
    if metric in _SHARES_OF_ERROR:
        return _share(value, "-")
    if metric.startswith(LOSS):
        return f': losses are negative, so that greater is better; write "-{value}" for an error of at most {value}'
    if _PERCENT_FROM <= value <= _HUNDRED:
        return _share(value, "")
    return '; write at most "1", such as "0.85"'


def _share(value: Decimal, sign: str) -> str:
    """Return what to write for a number that may be meant in per cent."""
    share = f"{(value / _HUNDRED).normalize():f}" if value >= _PERCENT_FROM else f"{value:f}"
    percent = f"{Decimal(share) * _HUNDRED:f}"
    shown = percent.rstrip("0").rstrip(".") if "." in percent else percent
    return f'; write "{sign}{share}" for {shown} %'
