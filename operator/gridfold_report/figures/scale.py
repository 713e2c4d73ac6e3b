"""A line of numbers as shares of its width, with ticks at round numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TICKS = 4
_MARGIN = 0.03
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """From low to high; what lies outside is drawn at the end."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return where a number stands, in percent of the width."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return places and texts of a few round numbers."""
        step = _step((self.high - self.low) / _TICKS)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        digits = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if _has_half(step) else 0))
        return [(self.at(number * step), _text(number * step, digits)) for number in range(first, last + 1)]


def scale_of(values: Iterable[float], keep: Sequence[float] = ()) -> Scale:
    """Return a scale for scores: a few that are hopeless do not push all others together.

    What lies more than four times the upper three quarters' width below them is drawn at the end; `keep` never is.
    """
    known = sorted(value for value in values if math.isfinite(value))
    if not known:
        return Scale(0.0, 1.0)
    low, quarter, high = known[0], known[len(known) // 4], known[-1]
    if high > quarter:
        low = max(low, quarter - 4 * (high - quarter))
    low, high = min([low, *keep]), max([high, *keep])
    if not high - low > 1e-12 * max(abs(high), abs(low)):
        half = abs(high) * 0.05 or 0.5
        return Scale(low - half, high + half)
    margin = (high - low) * _MARGIN
    return Scale(low - margin, high + margin)


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in _ROUND if power * factor >= rough * (1 - 1e-9))


def _has_half(step: float) -> bool:
    digits = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
    return abs(digits - 2.5) < 1e-6


def _text(value: float, digits: int) -> str:
    if abs(value) >= 1e6 or digits > 6:
        return f"{value:.3g}".replace("-", "−")
    return f"{value:.{digits}f}".replace("-", "−")
