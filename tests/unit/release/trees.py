"""Small trees that could be released, in repositories of their own."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

CHART = """\
version: {version}
appVersion: {version}
annotations:
  artifacthub.io/images: |
    - name: operator
      image: gridfold-operator:{version}
    - name: trainer
      image: gridfold-trainer:{version}
"""
WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"), ("DATE", "2026-11-27T09:30:01+01:00"))
}


def git(folder: Path, *words: str) -> str:
    """Run git as somebody without settings of their own, at the same time always."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env = outside | WHO | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True, env=env
    ).stdout


def commit(folder: Path) -> None:
    """Make a repository of a folder, with all that is in it."""
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Release")


def record(folder: Path, version: str) -> None:
    """Write what a release asks for of jobs that its version has left."""
    recorded = folder / "tests/unit/operator/recorded" / version
    recorded.mkdir(parents=True)
    (recorded / "running.json").write_text("{}\n")


def tree(folder: Path, version: str = "1.2.3", change: Callable[[Path], None] = lambda _: None) -> Path:
    """Write a tree that can be released as `version`, change it, and commit it."""
    (folder / "charts/gridfold").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "gridfold"\nversion = "{version}"\n')
    (folder / "charts/gridfold/Chart.yaml").write_text(CHART.format(version=version))
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version}: 27 November 2026\n\n- New.\n\n## 0.9.0\n")
    record(folder, version)
    change(folder)
    commit(folder)
    return folder
