"""Run scikit-learn's own tests of GridSearchCV on gridfold.GridSearch and print how each ends.

    python -m hack.sklearn_search_tests [words for pytest -k]

The tests are those of the installed scikit-learn; nothing of them is copied. Where one imports GridSearchCV it gets
GridSearch; jobs are run by forks of one process. A test that passes without making a GridSearch is told apart.
"""

import inspect
import sys
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import sklearn.model_selection

sys.path.append(str(Path(sys.prefix) / "gridfold-frames"))

from tests.e2e.warm_jobs import WarmRunner, warm_runner

from gridfold_notebook.grid_search import GridSearch

THEIRS = Path(sklearn.model_selection.__file__).parent / "tests" / "test_search.py"


class Outcomes:
    """A plugin of pytest that chooses the tests of GridSearchCV and notes how they end."""

    def __init__(self) -> None:
        self.made = 0
        self.found: dict[str, tuple[str, str]] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep the tests that name GridSearchCV."""
        items[:] = [item for item in items if "GridSearchCV" in inspect.getsource(item.function)]

    def pytest_runtest_setup(self) -> None:
        """Count from here on."""
        self.made = 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note how a test ended."""
        if report.when == "call" or (report.when == "setup" and report.skipped):
            how = "not ours" if report.passed and not self.made else report.outcome
            self.found[report.nodeid.partition("::")[2]] = (how, _last_lines(report))


def _last_lines(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return " ".join(str(crash.message if crash else report.longrepr or "").split())[:400]


def main(words: str) -> None:
    """Run the tests and print a line for each."""
    outcomes = Outcomes()
    make = GridSearch.__init__

    @wraps(make)
    def counted(search: GridSearch, *arguments: Any, **named: Any) -> None:
        outcomes.made += 1
        make(search, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch, warm_runner() as runner:
        _in_place(patch, runner, counted)
        options = ["-q", "--no-header", "--tb=short", "-p", "no:randomly", "-p", "no:cacheprovider", "-c", "/dev/null"]
        pytest.main([*options, f"--rootdir={THEIRS.parent}", "-k", words, str(THEIRS)], plugins=[outcomes])
    for name, (how, why) in sorted(outcomes.found.items(), key=lambda item: item[1]):
        print(f"{how:8} {name}  {why}")


def _in_place(patch: pytest.MonkeyPatch, runner: WarmRunner, make: Any) -> None:
    runner.use(patch)
    patch.setattr(GridSearch, "__init__", make)
    patch.setattr(sklearn.model_selection, "GridSearchCV", GridSearch)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
