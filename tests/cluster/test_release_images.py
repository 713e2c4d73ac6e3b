"""The operator's image of a release, built as `make release` does, by the testbed's own buildah."""

import io
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from hack.release import images
from hack.release.image import IMAGES, Base
from hack.release.locks import read
from hack.release.source import Commit

from tests.testbed import buildah, paths
from tests.testbed.images import ensure_base, python_image
from tests.testbed.plugin import Cluster
from tests.testbed.shell import lock
from tests.wheel import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.long]

COMMIT = Commit("a" * 40, 1795770000)  # 2026-11-27 09:00
#: What stands for buildah: the testbed's, with its options for builds.
PROGRAM = """\
#!{python}
import sys
sys.path.insert(0, {root!r})
from tests.testbed import buildah
verb, *words = sys.argv[1:]
more = buildah.on_this_machine() if verb == "build" else []
buildah.buildah(verb, *more, *words, timeout_seconds=1800)
"""
UNCHECKED_HASH = 0b01  # https://peps.python.org/pep-0552/


@pytest.fixture(scope="module")
def archive(testbed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tarfile.TarFile]:
    if testbed.own is None:
        pytest.skip("The images of that cluster are built elsewhere.")
    ensure_base()
    folder = tmp_path_factory.mktemp("release")
    program, path = folder / "buildah", folder / "image.oci.tar"
    program.write_text(PROGRAM.format(python=sys.executable, root=str(ROOT)))
    program.chmod(0o755)
    repository, _, tag = python_image().reference.rpartition(":")
    with lock(paths.cache() / "locks" / "images"):
        if not buildah.has(python_image().reference):
            buildah.buildah("pull", f"docker-archive:{python_image().archive}")
        before = buildah.buildah("images", "--quiet")
        images.build(IMAGES[0], "amd64", ROOT, path, COMMIT, Base(repository, tag, "3.11", None), str(program))
        assert buildah.buildah("images", "--quiet") == before
    assert sorted(found.name for found in folder.iterdir()) == ["buildah", "image.oci.tar"]
    with tarfile.open(path) as opened:
        yield opened


def blob(archive: tarfile.TarFile, digest: str) -> bytes:
    file = archive.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}")
    assert file is not None
    return file.read()


@pytest.fixture(scope="module")
def manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    index = archive.extractfile("index.json")
    assert index is not None
    (stated,) = json.loads(index.read())["manifests"]
    found: dict[str, Any] = json.loads(blob(archive, stated["digest"]))
    return found


@pytest.fixture(scope="module")
def files(archive: tarfile.TarFile, manifest: dict[str, Any]) -> dict[str, tuple[int, bytes]]:
    """Times and beginnings of the files that are not the base image's, by their paths."""
    found = {}
    for layer in manifest["layers"][1:]:
        with tarfile.open(fileobj=io.BytesIO(blob(archive, layer["digest"]))) as opened:
            for member in opened:
                file = opened.extractfile(member) if member.isreg() else None
                found[member.name] = (int(member.mtime), file.read(16) if file else b"")
    return found


def test_the_archive_is_of_the_commit_and_has_no_other_time(
    archive: tarfile.TarFile, manifest: dict[str, Any], files: dict[str, tuple[int, bytes]]
) -> None:
    about = json.loads(blob(archive, manifest["config"]["digest"]))
    assert about["created"] == "2026-11-27T09:00:00Z"
    assert about["architecture"] == "amd64"
    assert about["config"]["User"] == "65532:65532"
    assert about["config"]["Labels"]["org.opencontainers.image.revision"] == COMMIT.hash
    assert {time for time, _ in files.values()} == {COMMIT.epoch}
    assert {member.mtime for member in archive} == {COMMIT.epoch}


def test_compiled_files_stay_valid_whatever_the_times_of_sources(files: dict[str, tuple[int, bytes]]) -> None:
    ours = {name: head for name, (_, head) in files.items() if name.startswith("opt/") and name.endswith(".py")}
    compiled = {name: head for name, (_, head) in files.items() if name.startswith("opt/") and name.endswith(".pyc")}
    assert len(ours) > 1000
    assert {int.from_bytes(head[4:8], "little") for head in compiled.values()} == {UNCHECKED_HASH}
    assert len(compiled) > 0.95 * len(ours)  # some packages bring templates in Python, which do not compile


def test_the_image_holds_the_packages_that_its_sbom_lists_and_the_project(
    files: dict[str, tuple[int, bytes]],
) -> None:
    names = (re.search(r"/site-packages/([^/]+)-([^/-]+)\.dist-info/METADATA$", name) for name in files)
    found = {(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]) for match in names if match}
    locked = {(package.name, package.version) for package in read(ROOT / "requirements/operator.txt", "3.11")}
    assert {name for name, _ in found - locked} == {"gridfold"}
    assert locked - found == set()
