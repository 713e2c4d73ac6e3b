"""What is no release is refused, with all that is wrong at once and what to do."""

import sys
from pathlib import Path

import pytest
from hack.release import checks

from tests.unit.release.trees import git, tree


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda name: object())


def faults(root: Path) -> list[str]:
    return checks.faults(root, helm=sys.executable)


def replaced(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_a_commit_whose_versions_agree_has_no_fault(tmp_path: Path) -> None:
    assert faults(tree(tmp_path)) == []


def test_files_that_git_ignores_are_no_fault(tmp_path: Path) -> None:
    root = tree(tmp_path, change=lambda folder: (folder / ".gitignore").write_text("dist/\n") and None)
    (root / "dist").mkdir()
    (root / "dist/old.whl").touch()
    assert faults(root) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["new.py"], "1 file differs from the commit: new.py."),
        (["CHANGELOG.md", "new.py"], "2 files differ from the commit: CHANGELOG.md, new.py."),
        (list("abcdefg"), "7 files differ from the commit: a, b, c, d, e, …."),
    ],
)
def test_a_tree_that_is_not_a_commit_is_refused_by_the_names_of_files(
    files: list[str], said: str, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    for name in files:
        with (root / name).open("a") as file:
            file.write("\nchanged\n")
    (fault,) = faults(root)
    assert (
        fault
        == f"{said} A release is what a commit holds; commit them, or put them aside: git stash --include-untracked"
    )
    git(root, "stash", "--include-untracked")
    assert faults(root) == []


def test_files_that_are_new_are_seen_whatever_the_settings_of_git(tmp_path: Path) -> None:
    root = tree(tmp_path)
    git(root, "config", "status.showUntrackedFiles", "no")
    (root / "new.py").touch()
    (fault,) = faults(root)
    assert fault.startswith("1 file differs from the commit: new.py.")


def test_every_place_with_another_version_is_told_at_once(tmp_path: Path) -> None:
    def change(root: Path) -> None:
        replaced(root, "charts/gridfold/Chart.yaml", "version: 1.2.3", "version: 1.2.2")
        replaced(root, "charts/gridfold/Chart.yaml", "appVersion: 1.2.3", "appVersion: 1.2")
        replaced(root, "charts/gridfold/Chart.yaml", "trainer:1.2.3", "trainer:1.2.1")
        replaced(root, "CHANGELOG.md", "## 1.2.3: 27 November 2026", "## Unreleased")

    root = tree(tmp_path, change=change)
    (root / "new.py").touch()
    assert [fault.partition(" A release")[0] for fault in faults(root)] == [
        "1 file differs from the commit: new.py.",
        "charts/gridfold/Chart.yaml: version is 1.2.2, but pyproject.toml has version 1.2.3; expected 1.2.3.",
        "charts/gridfold/Chart.yaml: appVersion is 1.2, but pyproject.toml has version 1.2.3; expected 1.2.3.",
        "charts/gridfold/Chart.yaml: artifacthub.io/images, trainer is gridfold-trainer:1.2.1, but pyproject.toml has "
        "version 1.2.3; expected gridfold-trainer:1.2.3.",
        "CHANGELOG.md: the newest heading is ## Unreleased, but pyproject.toml has version 1.2.3; expected ## 1.2.3.",
    ]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_version_of_which_no_job_was_recorded_is_refused_with_the_command(is_there: bool, tmp_path: Path) -> None:
    folder = "tests/unit/operator/recorded/1.2.3"

    def change(root: Path) -> None:
        (root / folder / "running.json").unlink()
        if is_there:
            (root / folder / ".gitkeep").touch()
        else:
            (root / folder).rmdir()

    (fault,) = faults(tree(tmp_path, change=change))
    assert fault == (
        f"{folder} has no JSON file of a job; expected jobs as this version leaves them, by which later operators are "
        "tested. Record some while they are prepared, run, are suspended, have failed and are complete: "
        f"python -m tests.record_job NAMESPACE NAME > {folder}/running.json"
    )


@pytest.mark.parametrize("version", ["1.2", "1.2.3rc1", "1.2.3-rc.1", "v1.2.3", "01.2.3"])
def test_a_version_that_python_and_helm_do_not_read_alike_is_refused(version: str, tmp_path: Path) -> None:
    (fault,) = faults(tree(tmp_path, version))
    assert fault == (
        f"pyproject.toml: version is {version}; expected three numbers such as 0.2.0, for Python and Helm alike."
    )


@pytest.mark.parametrize("annotated", [True, False])
def test_a_version_is_released_once(annotated: bool, tmp_path: Path) -> None:
    root = tree(tmp_path)
    git(root, "tag", "v1.2.3", *(["--annotate", "--message", "1.2.3"] if annotated else []))
    assert faults(root) == []
    first = git(root, "rev-parse", "HEAD").strip()
    git(root, "commit", "--quiet", "--allow-empty", "--message", "More")
    second = git(root, "rev-parse", "HEAD").strip()
    assert faults(root) == [
        f"The tag v1.2.3 is at commit {first[:12]}, and {second[:12]} is checked out. A version is released once: "
        "check out v1.2.3, or raise the version."
    ]


def test_sources_without_git_are_refused(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / ".git").rename(tmp_path / "elsewhere")
    (fault,) = faults(root)
    assert fault.startswith(f"git finds no commit in {root}: fatal: not a git repository")
    assert fault.endswith("A release is built of a commit; clone the project.")


def test_tools_that_are_missing_are_told_with_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda name: None)
    assert checks.faults(tree(tmp_path), helm="no-such-helm") == [
        "no-such-helm is not on the path; install Helm, which packages the chart.",
        "cyclonedx-python-lib, which writes the SBOMs, is not on the path; `make release` sets it up.",
    ]
