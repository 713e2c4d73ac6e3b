"""The project's own images, built from their real Dockerfiles on the stand-in for python:3.x-slim."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.testbed import buildah, paths
from tests.testbed.errors import TestbedError
from tests.testbed.images import Image, digest, ensure_base, python_image
from tests.testbed.shell import lock

_DOCKERFILES = {"operator": "operator/Dockerfile", "trainer": "trainer_image/Dockerfile"}
_KEPT = 3  # of each image, so that going back to the sources of a moment ago costs nothing


def ensure() -> dict[str, Image]:
    """Return both images as the sources are now; after a change of sources only the last steps are built."""
    ensure_base()
    with lock(paths.cache() / "locks" / "images"), _snapshot() as context:
        tag = _digest_of(context)
        wanted = {name: Image(f"gridfold-{name}", tag) for name in _DOCKERFILES}
        for name, image in wanted.items():
            if not image.archive.exists():
                print(f"testbed: building the image {image.reference} …", file=sys.stderr, flush=True)
                _build(image, context, context / _DOCKERFILES[name])
    return wanted


@contextlib.contextmanager
def _snapshot() -> Iterator[Path]:
    """Copy what .dockerignore lets into a build (it names that, after a `*`): the sources may change meanwhile."""
    lines = (paths.PROJECT / ".dockerignore").read_text().splitlines()
    tops = [line[1:].strip("/") for line in lines if line.startswith("!")]
    with tempfile.TemporaryDirectory(prefix="gridfold-context-") as folder:
        context = Path(folder)
        for top in tops:
            source = paths.PROJECT / top
            if not source.exists():
                raise TestbedError(f"{top} is not there, but .dockerignore lets it into the images.")
            if source.is_dir():
                shutil.copytree(source, context / top, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, context / top)
        yield context


def _digest_of(context: Path) -> str:
    files = sorted(file for file in context.rglob("*") if file.is_file())
    parts = [part for file in files for part in (str(file.relative_to(context)).encode(), file.read_bytes())]
    return digest(python_image().tag.encode(), *parts)


def _build(image: Image, context: Path, dockerfile: Path) -> None:
    if not dockerfile.exists():
        raise TestbedError(f"{dockerfile.relative_to(context)} is not there; {image.repository} is built from it.")
    if not buildah.has(python_image().reference):
        buildah.buildah("pull", f"docker-archive:{python_image().archive}")
    buildah.build(image.reference, context, dockerfile, BASE=python_image().reference)
    buildah.export(image.reference, image.archive)
    buildah.forget(f"localhost/{image.repository}", keep=_KEPT)
    archives = image.archive.parent.glob(f"{image.repository}-*.tar")
    for old in sorted(archives, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        old.unlink()
