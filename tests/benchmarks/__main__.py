"""`make benchmark`: every benchmark in turn, one table of ratios. Nothing is asserted.

usage: python -m tests.benchmarks [NAME …]      names of modules beside this file
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from tests.benchmarks.table import Row, print_table


def main(wanted: list[str]) -> None:
    """Run the named benchmarks, or all, and print the table; one that cannot run here says why in its row."""
    found = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    names = wanted or [name for name in found if name not in {"__main__", "table", "scale"}]
    rows: list[Row] = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        module = importlib.import_module(f"tests.benchmarks.{name}")
        if hasattr(module, "measure"):
            rows += module.measure()
    print_table(rows)


main(sys.argv[1:])
