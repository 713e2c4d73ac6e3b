"""The browser that tests look through: Debian's Chromium, and axe-core, which says what a screen reader cannot use.

Where CI=true both are fetched if they are missing, and their absence is a failure; elsewhere the tests are skipped.
"""

import functools
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.testbed import machine
from tests.testbed.errors import TestbedError
from tests.testbed.shell import lock

AXE, AXE_SHA256 = "axe-core@4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
KEPT = Path.home() / ".cache/gridfold-tests"
#: Without these Chromium looks for the net by itself.
_QUIET = """
    --headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update
    --disable-default-apps --disable-sync --no-first-run --virtual-time-budget=8000
"""
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"
Answer = Callable[..., Any]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The program."""
    if not os.environ.get("CI"):
        return shutil.which("chromium") or _missing("chromium is not installed")
    try:
        return machine.command("chromium", "chromium")
    except TestbedError as error:
        _missing(str(error))


@pytest.fixture(scope="session")
def axe() -> str:
    """The program text of axe-core, as its digest pins it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with lock(KEPT / "axe-core.lock"):  # else two processes would fetch it, and one of them read half of it
        file = _fetched()
    with tarfile.open(file) as archive:
        found = archive.extractfile("package/axe.min.js")
        assert found is not None
        return found.read().decode()


def _fetched() -> Path:
    file = KEPT / "axe-core.tgz"
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != AXE_SHA256:
        npm = shutil.which("npm") or _missing("axe-core is fetched by npm, which is not installed")
        done = subprocess.run([npm, "pack", AXE, "--silent"], cwd=KEPT, capture_output=True, text=True)
        if done.returncode:
            _missing(f"axe-core cannot be fetched: {done.stderr[-500:]}")
        (KEPT / done.stdout.strip()).replace(file)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == AXE_SHA256
    return file


@pytest.fixture
def answer(chromium: str, tmp_path: Path) -> Answer:
    """Return what a script says of a page, as JSON; it calls tell(value)."""
    return functools.partial(_answer, chromium, tmp_path)


def violations(page: str, axe: str, answer: Answer, mode: str = LIGHT) -> Any:
    """Return what axe finds wrong with a page."""
    run = "axe.run(document).then(function(r){tell(r.violations.map(function(v){"
    run += "return [v.id, v.nodes.map(function(n){return n.html.slice(0, 200);})];}));});"
    return answer(page, axe + ";" + run, mode)


def _answer(chromium: str, folder: Path, made: str, script: str, *options: str) -> Any:
    tell = 'function tell(v){var p=document.createElement("pre");p.id="told";p.textContent=JSON.stringify(v);'
    tell += "document.body.appendChild(p);}"
    (folder / "page.html").write_text(made.replace("</body>", f"<script>{tell}{script}</script></body>"))
    command = [chromium, *_QUIET.split(), *options, f"--user-data-dir={folder}/profile", "--dump-dom"]
    done = subprocess.run([*command, (folder / "page.html").as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
