"""Both images as OCI archives, built by buildah for the architectures that this machine can run."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hack.release.archives import rewrite
from hack.release.image import IMAGES, Base, Image
from hack.release.source import Commit

NONE = "none"
#: As images call an architecture, and as the kernel does.
_KERNEL = {"amd64": "x86_64", "arm64": "aarch64"}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")


def faults(asked: str, buildah: str) -> list[str]:
    """Return why the images cannot be built for the architectures that are asked for."""
    if asked == NONE:
        return []
    unknown = [name for name in _named(asked) if name not in _KERNEL]
    if unknown:
        return [f"ARCHITECTURES is {asked}; expected {' or '.join(_KERNEL)}, both with a comma between, or {NONE}."]
    found = [left_out_because(name) for name in _named(asked) if not _runs(name)]
    if shutil.which(buildah) is None:
        found.append(f"{buildah} is not on the path; install it, or build no images: ARCHITECTURES={NONE}")
    return found


def architectures(asked: str) -> list[str]:
    """Return those to build for; by default all that can be."""
    return [name for name in _named(asked) or _KERNEL if asked != NONE and _runs(name)]


def left_out(asked: str) -> list[str]:
    """Return a sentence for each architecture that nobody named and that cannot be built for here."""
    return [] if asked else [left_out_because(name) for name in _KERNEL if not _runs(name)]


def left_out_because(architecture: str) -> str:
    """Say why there is no image for an architecture."""
    return (
        f"No image for {architecture} can be built here: this machine is {_native()} and cannot run programs of "
        f"{architecture}. Install QEMU's user mode (Debian, Ubuntu: qemu-user-static), or build on another machine."
    )


def write(
    sources: Path, folder: Path, version: str, commit: Commit, base: Base, asked: str, buildah: str
) -> Iterator[tuple[Image, Path]]:
    """Write an archive for each image and architecture, and tell of each."""
    for architecture in architectures(asked):
        for image in IMAGES:
            sys.stderr.write(f"Building {image.name} for {architecture} …\n")
            path = folder / archive(image, version, architecture)
            build(image, architecture, sources, path, commit, base, buildah)
            yield image, path


def archive(image: Image, version: str, architecture: str) -> str:
    """Return the name of an archive."""
    return f"{image.name}-{version}-linux-{architecture}.oci.tar"


def build(image: Image, architecture: str, sources: Path, path: Path, commit: Commit, base: Base, buildah: str) -> None:
    """Build one image from nothing that was built before; all files of its own layers have the commit's time."""
    fresh, name = path.with_suffix(".fresh"), path.with_suffix(".id")
    words = ["build", "--no-cache", "--identity-label=false", "--timestamp", commit.epoch]
    words += ["--platform", f"linux/{architecture}", "--build-arg", f"BASE={base}"]
    words += ["--label", f"org.opencontainers.image.revision={commit.hash}"]
    _run(buildah, *words, "--iidfile", name, "--file", sources / image.dockerfile, sources)
    built = name.read_text("utf-8").strip().removeprefix("sha256:")
    try:
        _run(buildah, "push", built, f"oci-archive:{fresh}:{path.name.partition('-linux-')[0]}")
        with path.open("wb") as file:
            rewrite(fresh, file, commit.epoch)
    finally:
        _run(buildah, "rmi", built)
        name.unlink()
        fresh.unlink(missing_ok=True)


def _named(asked: str) -> list[str]:
    return asked.split(",") if asked and asked != NONE else []


def _native() -> str:
    return next((name for name, kernel in _KERNEL.items() if kernel == platform.machine()), platform.machine())


def _runs(architecture: str) -> bool:
    """Tell whether the kernel runs programs of an architecture, by itself or by QEMU."""
    handler = _BINFMT / f"qemu-{_KERNEL[architecture]}"
    return architecture == _native() or (handler.exists() and handler.read_text().startswith("enabled"))


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
