"""What keeps a tree from being a release; everything is told at once."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

from hack.release.source import git
from hack.release.versions import disagreements, project_version

#: Jobs as each version leaves them: tests have every later operator go on from them.
_RECORDED = "tests/unit/operator/recorded"
_SHOWN = 5  # of the files that are in no commit


def faults(root: Path, helm: str) -> list[str]:
    """Return a sentence or two for each fault: what was seen, and what to do."""
    return [*_tree(root), *disagreements(root), *_recorded(root), *_tools(helm)]


def _tree(root: Path) -> list[str]:
    try:
        lines = git(root, "status", "--porcelain", "--untracked-files=normal").splitlines()
    except FileNotFoundError:
        return ["git is not on the path; a release is built of a commit."]
    except subprocess.CalledProcessError as error:
        return [
            f"git finds no commit in {root}: {error.stderr.strip()} A release is built of a commit; clone the project."
        ]
    return [*_uncommitted(lines), *_tagged(root)]


def _uncommitted(lines: list[str]) -> list[str]:
    if not lines:
        return []
    shown = ", ".join(line[3:] for line in lines[:_SHOWN]) + (", …" if len(lines) > _SHOWN else "")
    return [
        f"{len(lines)} file{'s differ' if len(lines) > 1 else ' differs'} from the commit: {shown}. "
        "A release is what a commit holds; commit them, or put them aside: git stash --include-untracked"
    ]


def _tagged(root: Path) -> list[str]:
    """Tell of a version that has been released before, from another commit."""
    tag = f"v{project_version(root)}"
    tagged = git(root, "for-each-ref", "--format=%(*objectname)%(objectname)", f"refs/tags/{tag}")[:40]
    head = git(root, "rev-parse", "HEAD").strip()
    if tagged in ("", head):
        return []
    return [
        f"The tag {tag} is at commit {tagged[:12]}, and {head[:12]} is checked out. A version is released once: "
        f"check out {tag}, or raise the version."
    ]


def _recorded(root: Path) -> list[str]:
    folder = f"{_RECORDED}/{project_version(root)}"
    if any((root / folder).glob("*.json")):
        return []
    return [
        f"{folder} has no JSON file of a job; expected jobs as this version leaves them, by which later operators are "
        "tested. Record some while they are prepared, run, are suspended, have failed and are complete: "
        f"python -m tests.record_job NAMESPACE NAME > {folder}/running.json"
    ]


def _tools(helm: str) -> list[str]:
    missing = []
    if shutil.which(helm) is None:
        missing.append(f"{helm} is not on the path; install Helm, which packages the chart.")
    if importlib.util.find_spec("cyclonedx") is None:
        missing.append("cyclonedx-python-lib, which writes the SBOMs, is not on the path; `make release` sets it up.")
    return missing
