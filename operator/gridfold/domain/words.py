"""How counts, and numbers that are estimates, stand in what people read."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 row, 2 rows."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def two_digits(number: float) -> str:
    """Return a number that is an estimate: 0.0042, 0.83, 12, 240; nothing smaller than a thousandth is told apart."""
    if 0 < number < 0.001:
        return "less than 0.001"
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"
