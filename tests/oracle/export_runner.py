"""Run exported scripts, each in its folder as its user would, and print what they print as one JSON document.

`export_runner.py FOLDER SCRIPT`: FOLDER/*/SCRIPT. One process for all: importing scikit-learn takes longer than most.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import warnings
from pathlib import Path


def run(script: Path) -> object:
    """Return the document that a script prints, or the words with which it gives up."""
    os.chdir(script.parent)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        return str(end)
    return json.loads(printed.getvalue())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert not any(name.startswith("gridfold") for name in sys.modules)
    scripts = sorted(Path(sys.argv[1]).glob(f"*/{sys.argv[2]}"))
    reports = {script.parent.name: run(script) for script in scripts}
    assert not any(name.startswith("gridfold") for name in sys.modules), "an exported script imports Gridfold"
    json.dump(reports, sys.stdout)
