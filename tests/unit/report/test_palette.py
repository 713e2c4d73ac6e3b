"""What axe cannot see inside figures: every text stands out from what is behind it, in both modes."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "operator/gridfold_report/templates/style.css").read_text()
#: Of normal text (WCAG 2.2, 1.4.3), and of what is drawn (1.4.11).
TEXT, DRAWN = 4.5, 3.0
BLOCKS = dict(zip(("light", "dark", "paper"), re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), strict=True))


def palette(mode: str) -> dict[str, tuple[float, ...]]:
    found = re.findall(r"--(\w+): #([0-9a-f]{6})", BLOCKS[mode])
    return {name: tuple(int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)) for name, text in found}


def luminance(colour: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark", "paper"])
def test_every_text_stands_out_from_what_is_behind_it(mode: str) -> None:
    colours = palette(mode)
    behind = {name: colours[name] for name in ("paper", "faint", "band")}
    pairs = [(text, place) for text in ("ink", "soft", "accent") for place in behind]
    pairs += [("ink", f"q{shade}") for shade in range(8)]
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: found for pair, found in weak.items() if found < TEXT} == {}


def test_paper_is_printed_as_light() -> None:
    assert palette("paper") == palette("light")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_ranks_go_from_the_page_to_the_accent_in_even_steps(mode: str) -> None:
    shades = [luminance(palette(mode)[f"q{shade}"]) for shade in range(8)]
    assert shades == sorted(shades, reverse=mode == "light")
