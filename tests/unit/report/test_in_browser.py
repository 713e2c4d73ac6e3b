"""The page in a real browser: axe finds nothing wrong with it, and its script sorts and filters.

Needs Chromium (Debian: chromium) and npm, which fetches axe-core once; without them the tests are skipped.
"""

import hashlib
import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.report.runs import page
from tests.unit.report.test_model import BINARY, REGRESSION

AXE, AXE_SHA256 = "axe-core@4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
KEPT = Path.home() / ".cache/gridfold-tests"
CHROMIUM = shutil.which("chromium")
#: Without these Chromium looks for the net by itself.
QUIET = """
    --headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update
    --disable-default-apps --disable-sync --no-first-run --virtual-time-budget=8000
"""
SAID: dict[str, Any] = {
    "notes": ["a note"] * 9,
    "usage": "print()",
    "confusion": {"classes": ["no", "yes"], "validation": [[4, 1], [2, 3]]},
}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def axe() -> str:
    """The program of axe-core, as its digest pins it."""
    file = KEPT / "axe-core.tgz"
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != AXE_SHA256:
        KEPT.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        done = npm and subprocess.run([npm, "pack", AXE, "--silent"], cwd=KEPT, capture_output=True, text=True)
        if not done or done.returncode:
            pytest.skip("axe-core cannot be fetched: no npm, or no registry")
        (KEPT / done.stdout.strip()).replace(file)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(file) as archive:
        found = archive.extractfile("package/axe.min.js")
        assert found is not None
        return found.read().decode()


def answer(made: str, script: str, folder: Path, *options: str) -> Any:
    """Return what a script says of a page, as JSON; it calls tell(value)."""
    tell = 'function tell(v){var p=document.createElement("pre");p.id="told";p.textContent=JSON.stringify(v);'
    tell += "document.body.appendChild(p);}"
    (folder / "page.html").write_text(made.replace("</body>", f"<script>{tell}{script}</script></body>"))
    command = [str(CHROMIUM), *QUIET.split(), *options, f"--user-data-dir={folder}/profile", "--dump-dom"]
    done = subprocess.run([*command, (folder / "page.html").as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("mode", ["--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"])
def test_axe_finds_nothing_wrong_in_light_and_dark(axe: str, tmp_path: Path, mode: str) -> None:
    made = page({"C": [0.1, 1, 10], "gamma": [1, 2, 3], "kind": ["a", "b"]}, plots=BINARY | REGRESSION, **SAID)
    run = "axe.run(document).then(function(r){tell(r.violations.map(function(v){"
    run += "return [v.id, v.nodes.map(function(n){return n.html.slice(0, 200);})];}));});"
    assert answer(made, axe + ";" + run, tmp_path, mode) == []


def test_the_script_sorts_and_filters_under_the_pages_own_policy(tmp_path: Path) -> None:
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
    assert answer(made, script, tmp_path) == [
        ["5", "3", "1", "4", "2", "0"],
        ["0", "1", "2", "3", "4", "5"],
        ["5", "4", "3", "2", "1", "0"],
        ["5", "3", "1"],
        "3 of 6",
    ]


def test_on_a_telephone_nothing_but_tables_is_wider_than_the_screen(tmp_path: Path) -> None:
    made = page({f"a_parameter_with_a_long_name_{n}": ["a value that is long, too", n] for n in range(5)})
    (tmp_path / "inner.html").write_text(made)
    frame = (
        f'<body><iframe src="{(tmp_path / "inner.html").as_uri()}" style="width:390px;height:900px"></iframe></body>'
    )
    script = "window.onload=function(){var d=document.querySelector('iframe').contentDocument.documentElement;"
    script += "tell([d.scrollWidth, d.clientWidth]);};"
    wide, shown = answer(frame, script, tmp_path, "--allow-file-access-from-files")
    assert wide == shown <= 390
