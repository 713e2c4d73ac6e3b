"""Pages of six kinds in a real browser: axe finds nothing wrong with them, and their script sorts and filters."""

import functools
import html
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.report.kinds import KINDS
from tests.unit.report.runs import page

#: Without these Chromium looks for the net by itself.
QUIET = """
    --headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update
    --disable-default-apps --disable-sync --no-first-run --virtual-time-budget=8000
"""
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"
Answer = Callable[..., Any]


@pytest.fixture
def answer(chromium: str, tmp_path: Path) -> Answer:
    """Return what a script says of a page, as JSON; it calls tell(value)."""
    return functools.partial(_answer, chromium, tmp_path)


def _answer(chromium: str, folder: Path, made: str, script: str, *options: str) -> Any:
    tell = 'function tell(v){var p=document.createElement("pre");p.id="told";p.textContent=JSON.stringify(v);'
    tell += "document.body.appendChild(p);}"
    (folder / "page.html").write_text(made.replace("</body>", f"<script>{tell}{script}</script></body>"))
    command = [chromium, *QUIET.split(), *options, f"--user-data-dir={folder}/profile", "--dump-dom"]
    done = subprocess.run([*command, (folder / "page.html").as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("mode", [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_wrong_in_light_and_dark(axe: str, answer: Answer, kind: str, mode: str) -> None:
    run = "axe.run(document).then(function(r){tell(r.violations.map(function(v){"
    run += "return [v.id, v.nodes.map(function(n){return n.html.slice(0, 200);})];}));});"
    assert answer(KINDS[kind](), axe + ";" + run, mode) == []


def test_the_script_sorts_and_filters_under_the_pages_own_policy(answer: Answer) -> None:
    made = page({"C": [0.1, 1, 10], "kind": ["a", "b"]}, lambda fold, cell: cell["C"] / 100 + (cell["kind"] == "b") / 9)
    cells = "Array.from(document.querySelectorAll('#leaders tbody tr:not([hidden])')).map(function(r){"
    cells += "return r.cells[1].textContent})"
    script = f"""
        var told = [{cells}];
        document.querySelectorAll('#leaders thead button')[1].click(); told.push({cells});
        document.querySelectorAll('#leaders thead button')[1].click(); told.push({cells});
        var filter = document.getElementById('filter'); filter.value = 'B ms';
        filter.dispatchEvent(new Event('input')); told.push({cells});
        told.push(document.querySelector('output').textContent); tell(told);
    """
    assert answer(made, script) == [
        ["5", "3", "1", "4", "2", "0"],
        ["0", "1", "2", "3", "4", "5"],
        ["5", "4", "3", "2", "1", "0"],
        ["5", "3", "1"],
        "3 of 6",
    ]


def test_on_a_telephone_nothing_but_tables_is_wider_than_the_screen(answer: Answer, tmp_path: Path) -> None:
    made = page({f"a_parameter_with_a_long_name_{n}": ["a value that is long, too", n] for n in range(5)})
    (tmp_path / "inner.html").write_text(made)
    frame = (
        f'<body><iframe src="{(tmp_path / "inner.html").as_uri()}" style="width:390px;height:900px"></iframe></body>'
    )
    script = "window.onload=function(){var d=document.querySelector('iframe').contentDocument.documentElement;"
    script += "tell([d.scrollWidth, d.clientWidth]);};"
    wide, shown = answer(frame, script, "--allow-file-access-from-files")
    assert wide == shown <= 390
