"""What a benchmark returns, and how it is shown."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured quantity."""

    quantity: str  #: what, with its unit or "A ÷ B"
    value: str  #: median, with minimum and maximum where there are several runs
    goal: str = ""
    note: str = ""


def ratio(quantity: str, goal: str, pairs: list[tuple[float, float]], unit: str = "s") -> Row:
    """Return the median of paired ratios with its spread, and the medians of both sides."""
    ratios = [ours / peer for ours, peer in pairs]
    ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
    value = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    return Row(quantity, value, goal, f"{ours:.3g} {unit} ÷ {peer:.3g} {unit}, {len(pairs)} pairs")


def print_table(rows: list[Row]) -> None:
    """Print rows as a Markdown table."""
    lines = [("quantity", "measured", "goal", "note"), *((r.quantity, r.value, r.goal, r.note) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for number, line in enumerate(lines):
        print("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
