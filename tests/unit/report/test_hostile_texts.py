"""Texts as an attacker would choose them stay texts: in names, values, errors, notes, wherever data is shown."""

import html.parser
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.report.runs import SPEC, page

ATTACKS = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><svg onload=alert(1)>",
    "<!--",
    "]]>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "\u202egnp.exe\u2066",
    "\x00\x07\x1b[31m\x85\ufffe\ud800",
    "javascript:alert(1)",
    "a\n\r\n\tb\u2028c",
    "x" * 10_000,
    "<" * 10_000,
    " ",
]
TAGS = """
    html head meta title style body main header h1 h2 h3 p span strong em i code section div dl dt dd ol ul li nav a
    table thead tbody caption tr th td figure figcaption small svg line rect circle text g path polyline details
    summary pre label input h4 output script
"""
ATTRIBUTES = """
    lang charset http-equiv content name class id href role tabindex scope colspan hidden for type autocomplete
    spellcheck x y x1 x2 y1 y2 cx cy r width height text-anchor focusable d points viewbox preserveaspectratio
"""
#: Neither seen nor harmless: controls, marks that turn the text around, half characters.
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")

hostile = st.one_of(st.sampled_from(ATTACKS), st.text(min_size=1, max_size=40))


class Structure(html.parser.HTMLParser):
    """Collects what is no text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.targets: set[str] = set()
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets |= {value or "" for name, value in attrs if name == "href"}

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def check(made: str) -> None:
    found = Structure()
    found.feed(made)
    found.close()
    assert set(found.tags) <= set(TAGS.split())
    assert (found.tags.count("script"), found.tags.count("style"), found.comments) == (1, 1, 0)
    assert {name for name in found.attributes if not name.startswith("aria-")} <= set(ATTRIBUTES.split())
    assert all(target.startswith("#") for target in found.targets)
    assert not UNSEEN.search(made)


def hostile_page(words: list[str]) -> str:
    """Return a page with a text at every place that takes one."""
    one, two, three, four = (words * 4)[:4]
    status: dict[str, Any] = {
        "job": {"namespace": one, "name": two, "generation": 1},
        "estimator": f"sklearn.{three}",
        "notes": [*words],
        "errors": four,
        "headline": one,
        "usage": two,
        "script": two,
        "resolved": {"positiveClass": three, one: two},
        "versions": {one: two, three: four},
        "blas": {two: three},
        "dataset": {"digest": four, "splitDigest": one, "parts": {"train": 7, two: 3}, "classes": 2},
        "spec": {**SPEC, one: {two: [three, {four: one}]}, "scoring": {"targets": {two: "0.5"}}},
    }
    grid = {one: [0.1, 1, 10], f"{two}.": [three, f"{four} "], f"{three}:": [1, 2]}
    status["confusion"] = {"classes": [one, two], "validation": [[1, 2], [3, 4]]}
    plots = {"classes": [{"label": word.encode(errors="replace").decode(), "support": 3} for word in words]}
    return page(grid, plots=plots, metrics=["f1", f"m{four}"], ends={0: ("failed", one), 1: (two, three)}, **status)


@settings(max_examples=40)
@given(st.lists(hostile, min_size=4, max_size=4))
def test_no_text_becomes_markup_and_none_is_unseen(words: list[str]) -> None:
    check(hostile_page(words))


def test_each_known_attack_stays_a_text() -> None:
    for number, _ in enumerate(ATTACKS):
        check(hostile_page([*ATTACKS[number:], *ATTACKS[:number]][:4]))


def test_a_text_of_any_length_takes_little_room() -> None:
    assert len(hostile_page(["<" * 10_000])) < 500_000


def test_a_longer_text_says_how_much_is_missing() -> None:
    assert "… (9,400 more characters)" in page(notes=["é" * 10_000])
