"""The images that need no source of the project: pause, and a stand-in for python:3.x-slim; and their import."""

import hashlib
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.testbed import build, buildah, paths
from tests.testbed.instance import Instance
from tests.testbed.pins import pins
from tests.testbed.shell import lock, run


@dataclass(frozen=True)
class Image:
    """A name with a tag that is the digest of all it is made of, and the file that it is kept in."""

    repository: str
    tag: str

    @property
    def reference(self) -> str:
        return f"localhost/{self.repository}:{self.tag}"

    @property
    def archive(self) -> Path:
        return paths.cache() / "images" / "archives" / f"{self.repository}-{self.tag}.tar"


@cache
def pause_image() -> Image:
    """Return the image of the process that holds a pod's namespaces."""
    source = paths.IMAGE_SOURCES / "pause" / "Dockerfile"
    return Image("testbed-pause", digest(build.pause().key().encode(), source.read_bytes()))


@cache
def python_image() -> Image:
    """Return the image that the project's are built on here; tests may run plain Python in it."""
    source = paths.IMAGE_SOURCES / "base" / "Dockerfile"
    said = f"{pins().base_suite} {pins().base_packages}".encode()
    return Image("testbed-python", digest(said, source.read_bytes()))


def digest(*parts: bytes) -> str:
    """Return a short digest of several byte strings, each told apart from the next."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()[:16]


def ensure_base() -> list[Image]:
    """Build the pause image and the Python image unless their files are there (90 s when they are not)."""
    with lock(paths.cache() / "locks" / "images"):
        for image, make in ((pause_image(), _build_pause), (python_image(), _build_python)):
            if not image.archive.exists():
                print(f"testbed: building the image {image.reference} …", file=sys.stderr, flush=True)
                image.archive.parent.mkdir(parents=True, exist_ok=True)
                make(image)
                buildah.export(image.reference, image.archive)
    return [pause_image(), python_image()]


def _build_pause(image: Image) -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = build.pause().output() / "pause"
        shutil.copy(program, folder)
        buildah.build(image.reference, Path(folder), paths.IMAGE_SOURCES / "pause" / "Dockerfile")


def _build_python(image: Image) -> None:
    """Install a Debian root and make an image of it."""
    work = paths.cache() / "images" / "base"
    shutil.rmtree(work, ignore_errors=True)
    root = work / "root"
    root.mkdir(parents=True)
    include = f"--include={','.join(pins().base_packages)}"
    # What debootstrap mounts goes with the namespace, even if it fails.
    alone = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork"]
    words = [*alone, "debootstrap", "--variant=minbase", include, pins().base_suite, str(root)]
    run(words, timeout_seconds=900)
    for needless in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / needless, ignore_errors=True)
    with tarfile.open(work / "rootfs.tar", "w") as tar:
        for entry in sorted(root.iterdir()):
            if entry.name not in ("proc", "sys", "dev"):
                tar.add(entry, entry.name)
    buildah.build(image.reference, work, paths.IMAGE_SOURCES / "base" / "Dockerfile")
    shutil.rmtree(work)


def ctr_images(instance: Instance) -> list[str]:
    """Return the beginning of a command on the images that the instance's kubelet sees."""
    return ["ctr", "--address", str(instance.containerd_socket), "--namespace", "k8s.io", "images"]


def load_into(instance: Instance, wanted: Iterable[Image]) -> None:
    """Import what the instance's containerd does not hold yet."""
    ctr = ctr_images(instance)
    held = set(run([*ctr, "list", "--quiet"]).split())
    for image in wanted:
        if image.reference not in held:
            run([*ctr, "import", image.archive], timeout_seconds=300)
