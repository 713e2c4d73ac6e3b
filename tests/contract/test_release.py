"""A release, built twice: by somebody else, elsewhere, at another time, with files about that git ignores."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hack.release.versions import project_version

from tests.testbed.build import build_on_demand
from tests.unit.release.trees import commit, git, record
from tests.wheel import ROOT

pytestmark = pytest.mark.long  # pip resolves each image anew

SBOM = Path(sys.prefix) / "gridfold-sbom"
VERSION = project_version(ROOT)
STAND_IN = Path(__file__).with_name("stand_in_buildah.py")
#: What a release is built from.
FOLDERS = ("charts", "crds", "hack", "operator", "requirements", "trainer_image")
FILES = (".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml")
#: The requirement files of each image, and whether a line with that marker is installed by CPython 3.12 on Linux.
REQUIREMENTS = {"operator": ["operator.txt"], "trainer": ["trainer.txt", "frames.txt"]}
MARKERS = {
    "": True,
    "python_full_version < '3.12'": False,
    "python_full_version >= '3.12'": True,
    "python_full_version < '3.14'": True,
    "platform_python_implementation != 'PyPy'": True,
    "implementation_name != 'PyPy' and platform_python_implementation != 'PyPy'": True,
    "os_name == 'nt' or sys_platform == 'win32'": False,
    "sys_platform == 'emscripten' or sys_platform == 'win32'": False,
}


@pytest.fixture(scope="module")
def helm() -> str:
    if found := shutil.which("helm"):
        return found
    if shutil.which("go") is None:
        pytest.skip("There is no helm on the path, and no go to build it with.")
    return str(build_on_demand("helm") / "helm")


@pytest.fixture(scope="module")
def releases(helm: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same commit of this tree's files, released in two places."""
    if not SBOM.exists():
        pytest.skip(f"cyclonedx-python-lib is not in {SBOM}; `make test` installs it")
    here, there = tmp_path_factory.mktemp("here") / "tree", tmp_path_factory.mktemp("there") / "another-clone"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, here / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy2(ROOT / name, here / name)
    log = here / "CHANGELOG.md"
    log.write_text(re.sub(r"^## .*$", f"## {VERSION}", log.read_text("utf-8"), count=1, flags=re.MULTILINE), "utf-8")
    record(here, VERSION)
    commit(here)
    git(here, "clone", "--quiet", str(here), str(there))
    git(there, "config", "core.autocrlf", "true")
    ignored = there / "operator/gridfold/build/left.py"
    ignored.parent.mkdir()
    ignored.write_text("left = 1\n")
    return release(here, helm), release(there, helm, umask=0o077, TZ="Pacific/Auckland", LC_ALL="C")


def release(tree: Path, helm: str, umask: int = 0o022, **settings: str) -> Path:
    store = tree.parent / "store"
    store.mkdir()
    buildah = tree.parent / "buildah"
    buildah.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "{store}" "$@"\n')
    buildah.chmod(0o755)
    words = [sys.executable, "-m", "hack.release", "registry.example.com/ml", "--architectures", "amd64"]
    words += ["--helm", helm, "--buildah", str(buildah)]
    env = os.environ | settings | {"PYTHONPATH": str(SBOM)}
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, env=env, umask=umask, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tree / "dist" / VERSION
    assert done.stdout.split() == [str(path) for path in sorted(folder.iterdir())]
    assert git(tree, "status", "--porcelain") == ""
    assert list((tree / "dist").iterdir()) == [folder]
    assert list(store.iterdir()) == []
    return folder


@pytest.fixture(scope="module")
def files(releases: tuple[Path, Path]) -> Path:
    return releases[0]


def test_the_same_commit_makes_the_same_bytes(releases: tuple[Path, Path]) -> None:
    here, there = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in releases)
    assert sorted(here) == [
        "SHA256SUMS",
        "crds.yaml",
        f"gridfold-{VERSION}-py3-none-any.whl",
        f"gridfold-{VERSION}.cdx.json",
        f"gridfold-{VERSION}.tar.gz",
        f"gridfold-{VERSION}.tgz",
        f"gridfold-operator-{VERSION}-linux-amd64.cdx.json",
        f"gridfold-operator-{VERSION}-linux-amd64.oci.tar",
        f"gridfold-operator-{VERSION}.cdx.json",
        f"gridfold-trainer-{VERSION}-linux-amd64.cdx.json",
        f"gridfold-trainer-{VERSION}-linux-amd64.oci.tar",
        f"gridfold-trainer-{VERSION}.cdx.json",
        "gridfold.yaml",
    ]
    assert [name for name in here if here[name] != there.get(name)] == []
    assert len(there) == len(here)


def test_checksums_are_of_all_other_files(files: Path) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=files, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    said = [line.removesuffix(": OK") for line in checked.stdout.splitlines()]
    assert said == sorted(path.name for path in files.iterdir() if path.name != "SHA256SUMS")


def test_the_sdist_makes_the_same_wheel(files: Path, tmp_path: Path) -> None:
    (sdist,), (wheel,) = files.glob("*.tar.gz"), files.glob("*.whl")
    epoch = {"SOURCE_DATE_EPOCH": git(files.parents[1], "log", "-1", "--format=%ct").strip()}
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sources", filter="data")
    (sources,) = (tmp_path / "sources").iterdir()
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(sources)]
    subprocess.run(words, check=True, capture_output=True, env=os.environ | epoch)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_chart_package_holds_the_files_of_the_chart(files: Path, helm: str) -> None:
    packed = files / f"gridfold-{VERSION}.tgz"
    shown = subprocess.check_output([helm, "show", "chart", str(packed)], text=True)
    assert f"\nversion: {VERSION}\n" in shown
    with tarfile.open(packed) as archive:
        held = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    chart = files.parents[1] / "charts/gridfold"
    wanted = {str(path.relative_to(chart.parent)): path.read_bytes() for path in chart.rglob("*") if path.is_file()}
    about = held.pop("gridfold/Chart.yaml"), wanted.pop("gridfold/Chart.yaml")  # Helm writes it without comments
    assert held == wanted
    assert all(f"version: {VERSION}".encode() in text for text in about)


def test_the_manifests_name_the_images_of_the_release(files: Path) -> None:
    text = (files / "gridfold.yaml").read_text("utf-8")
    assert f"registry.example.com/ml/gridfold-operator:{VERSION}" in text
    assert f"registry.example.com/ml/gridfold-trainer:{VERSION}" in text


def bom(files: Path, name: str, of: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files / f"{name}-{VERSION}{of}.cdx.json").read_text("utf-8"))
    assert found["metadata"]["component"]["version"] == VERSION
    assert found["metadata"]["timestamp"] == "2026-11-27T08:30:01+00:00"
    return found


def digests(component: dict[str, Any]) -> set[str]:
    return {found["content"] for reference in component["externalReferences"] for found in reference["hashes"]}


@pytest.mark.parametrize("image", REQUIREMENTS)
def test_an_image_is_made_of_what_its_requirement_files_pin(image: str, files: Path) -> None:
    listed = {part["purl"]: part for part in bom(files, f"gridfold-{image}")["components"]}
    assert set(listed) - {f"pkg:pypi/{purl[9:]}" for purl in listed} == {"pkg:docker/python@3.12-slim"}
    del listed["pkg:docker/python@3.12-slim"], listed[f"pkg:pypi/gridfold@{VERSION}"]
    wanted = {}
    for name in REQUIREMENTS[image]:
        for block in re.split(r"\n(?=\S)", (ROOT / "requirements" / name).read_text("utf-8").strip()):
            pin, marker = re.fullmatch(r"(\S+)(?: ; (.*?))? \\", block.splitlines()[0]).groups("")  # type: ignore[union-attr]
            if MARKERS[marker]:
                wanted[f"pkg:pypi/{pin.replace('==', '@')}"] = set(re.findall(r"sha256:(\w+)", block))
    assert {purl: digests(part) for purl, part in listed.items()} == wanted
    assert len(wanted) > 15


@pytest.mark.parametrize("image", REQUIREMENTS)
def test_of_an_image_that_was_built_its_digest_and_the_packages_of_its_base_are_listed_too(
    image: str, files: Path
) -> None:
    before, found = bom(files, f"gridfold-{image}"), bom(files, f"gridfold-{image}", "-linux-amd64")
    with tarfile.open(files / f"gridfold-{image}-{VERSION}-linux-amd64.oci.tar") as archive:
        (stated,) = json.loads(archive.extractfile("index.json").read())["manifests"]  # type: ignore[union-attr]
    assert found["metadata"]["component"]["purl"] == f"pkg:oci/gridfold-{image}@{stated['digest']}?tag={VERSION}"
    (base,) = (part for part in found["components"] if part["type"] == "container")
    assert sorted(part["purl"] for part in base["components"]) == [
        "pkg:deb/debian/base-files@12.4?arch=all&distro=debian-12&upstream=base-files%4012.4",
        "pkg:deb/debian/libssl3@3.0.20-1%2Bb1?arch=amd64&distro=debian-12&upstream=openssl%403.0.20-1",
        "pkg:pypi/pip@25.1",
    ]
    assert [part for part in found["components"] if part != base] == [
        part for part in before["components"] if part["type"] != "container"
    ]


@pytest.mark.parametrize(("tag", "seen"), [("3.11", "has numpy 2.5"), ("3.14", "has backports-zstd 1.")])
def test_a_base_whose_tag_does_not_tell_its_python_is_refused(tag: str, seen: str, files: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hack.release import sbom\n"
        "from hack.release.image import IMAGES, base\n"
        "from hack.release.source import Commit\n"
        "root = Path(sys.argv[1])\n"
        "commit, under = Commit('a' * 40, 0), base(sys.argv[4], root)\n"
        "sbom.write_of_archive(IMAGES[1], Path(sys.argv[2]), root, sys.argv[3], commit, under)\n"
    )
    archive = files / f"gridfold-trainer-{VERSION}-linux-amd64.oci.tar"
    words = [sys.executable, "-c", script, str(ROOT), str(archive), VERSION, f"python:{tag}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(SBOM)})
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"ValueError: {archive.name} {seen}")
    assert said.endswith(f"unlike trainer.txt and frames.txt for Python {tag}. Does the tag of BASE tell its Python?")


@pytest.mark.parametrize(("image", "dockerfile"), [("operator", "operator"), ("trainer", "trainer_image")])
def test_an_image_installs_no_other_requirement_file(image: str, dockerfile: str) -> None:
    text = (ROOT / dockerfile / "Dockerfile").read_text("utf-8")
    installed = re.findall(r"-r /opt/gridfold/requirements/(\S+)", text)
    assert [name for name in installed if name != "aws.txt"] == REQUIREMENTS[image]


def test_the_distribution_is_listed_with_its_files_and_what_it_asks_for(files: Path) -> None:
    found = bom(files, "gridfold")
    built = [*files.glob("*.whl"), *files.glob("*.tar.gz")]
    assert digests(found["metadata"]["component"]) == {hashlib.sha256(path.read_bytes()).hexdigest() for path in built}
    parts = {part["name"]: part for part in found["components"]}
    assert [name for name, part in parts.items() if part["scope"] == "required"] == ["pydantic"]
    assert parts["kopf"]["description"] == 'kopf<2,>=1.45.2; extra == "operator"'
    assert not any("version" in part for part in parts.values())


def test_each_sbom_is_as_the_schema_wants_it(files: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from cyclonedx.schema import SchemaVersion\n"
        "from cyclonedx.validation.json import JsonStrictValidator\n"
        "judge = JsonStrictValidator(SchemaVersion.V1_6)\n"
        "for name in sys.argv[1:]:\n"
        "    text = pathlib.Path(name).read_text('utf-8')\n"
        "    print(judge.validate_str(text))\n"
        "small = text.replace('SHA-256', 'SHA-255', 1)\n"
        "print(judge.validate_str(small) is not None)\n"
    )
    words = [sys.executable, "-c", script, *map(str, sorted(files.glob("*.cdx.json")))]
    said = subprocess.check_output(words, text=True, env=os.environ | {"PYTHONPATH": str(SBOM)})
    assert said.splitlines() == ["None"] * 5 + ["True"]
