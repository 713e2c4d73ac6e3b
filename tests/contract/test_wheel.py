"""The wheel: what is in it, and that each extra has what its part of the product needs."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JOB = {
    "apiVersion": "gridfold.dev/v1alpha1",
    "kind": "TrainingJob",
    "metadata": {"name": "small"},
    "spec": {
        "dataset": {"sources": [{"uri": "file:data.csv"}], "target": "y"},
        "estimator": {"className": "sklearn.linear_model.LogisticRegression"},
        "search": {"grid": [{"C": [1]}]},
        "output": {"uri": "file:out/"},
    },
}
#: Every module of these packages must be importable with the extra alone.
PARTS = {
    "operator": ["gridfold", *(["gridfold_operator"] if (ROOT / "operator/gridfold_operator").is_dir() else [])],
    "trainer": ["gridfold", "gridfold_export", "gridfold_trainer"],
    "local": ["gridfold", "gridfold_cli", "gridfold_export", "gridfold_notebook", "gridfold_trainer"],
}
IMPORT_ALL = """
import importlib, pkgutil, sys
for package in sys.argv[1:]:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    print(found.__file__)
"""


def required(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """Yield the distributions that one needs with these extras, itself included, as this environment has them."""
    from packaging.requirements import Requirement

    if (name, extras) in seen:
        return
    seen.add((name, extras))
    yield name
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        wanted = requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in (*extras, ""))
        if wanted and is_installed(requirement.name):
            yield from required(requirement.name, frozenset(requirement.extras), seen)


def is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.fixture(params=sorted(PARTS))
def site(request: pytest.FixtureRequest, wheel: Path, tmp_path: Path) -> tuple[str, Path]:
    """An extra, and a folder with the wheel's content and links to what that extra requires: nothing else."""
    from packaging.requirements import Requirement

    extra: str = request.param
    folder = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        (described,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        document = Parser().parsestr(archive.read(described).decode())
    extras, seen, names = {extra}, set[tuple[str, frozenset[str]]](), set[str]()
    requirements = [Requirement(text) for text in document.get_all("Requires-Dist", [])]
    for requirement in (r for r in requirements if r.name == "gridfold"):
        extras |= requirement.extras if requirement.marker and requirement.marker.evaluate({"extra": extra}) else set()
    for requirement in requirements:
        wanted = requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in extras)
        if wanted and requirement.name != "gridfold" and is_installed(requirement.name):
            names |= set(required(requirement.name, frozenset(requirement.extras), seen))
    for name in names:
        for file in metadata.files(name) or []:
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(metadata.distribution(name).locate_file(top))))
    return extra, folder


def python(site: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the folder in place of the environment's packages."""
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(command, env={"PYTHONPATH": str(site)}, cwd=cwd, capture_output=True, text=True)


def test_an_extra_imports_every_module_of_its_part_without_the_others(site: tuple[str, Path], tmp_path: Path) -> None:
    extra, folder = site
    done = python(folder, "-c", IMPORT_ALL, *PARTS[extra], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(line.startswith(str(folder)) for line in done.stdout.splitlines())


def test_the_command_line_of_the_wheel_validates_and_exports(site: tuple[str, Path], tmp_path: Path) -> None:
    extra, folder = site
    (tmp_path / "JOB.yaml").write_text(json.dumps(JOB))
    validate = python(folder, "-m", "gridfold_cli", "validate", "JOB.yaml", cwd=tmp_path)
    if extra == "trainer":  # which has neither click nor a YAML parser
        assert validate.returncode == 1
        assert re.search(r"pip install 'gridfold\[local\]'", validate.stderr)
    if extra != "local":
        return
    assert (validate.returncode, validate.stderr) == (0, "")
    export = python(folder, "-m", "gridfold_cli", "export", "JOB.yaml", cwd=tmp_path)
    assert (export.returncode, export.stderr) == (0, "")
    assert "pipeline = Pipeline(" in export.stdout


def test_the_wheel_holds_the_packages_their_templates_and_the_licence_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    packages = {
        "gridfold",
        "gridfold_operator",
        "gridfold_cli",
        "gridfold_export",
        "gridfold_notebook",
        "gridfold_report",
        "gridfold_trainer",
    }
    assert {top for top in tops if not top.endswith(".dist-info")} <= packages
    for folder in ("gridfold_export/templates", "gridfold_report/templates"):
        templates = {path.name for path in (ROOT / "operator" / folder).iterdir()}
        assert {f"{folder}/{name}" for name in templates} <= set(names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
