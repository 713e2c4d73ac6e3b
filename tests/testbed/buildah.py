"""buildah with a store and a mount namespace of its own: the machine's images and mounts stay as they are."""

import os
import shutil
from pathlib import Path

from tests.testbed import paths
from tests.testbed.shell import environment, lock, run

# What a build may need to reach a package registry, if this machine needs it.
_PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_CERTIFICATES = Path("/etc/ssl/certs")


def buildah(*words: str | Path, timeout_seconds: float = 300) -> str:
    """Run one buildah command."""
    store = paths.cache() / "images"
    here: list[str | Path] = ["--root", store / "store", "--runroot", store / "run", "--storage-driver", "overlay"]
    private = ["unshare", "--mount", "--propagation", "private"]
    if not store.is_relative_to("/var/lib"):  # where it would keep what it knows of layers
        private += ["sh", "-c", 'mount -t tmpfs tmpfs /var/lib && exec "$@"', "sh"]
    env = environment(BUILDAH_ISOLATION="chroot", TMPDIR=str(_scratch()))
    return run([*private, "buildah", *here, *words], env=env, timeout_seconds=timeout_seconds)


def _scratch() -> Path:
    folder = paths.cache() / "images" / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def build(reference: str, context: Path, dockerfile: Path, **build_args: str) -> None:
    """Build an image from its Dockerfile, with every step cached, on the machine's own network."""
    words: list[str | Path] = ["bud", "--layers", *on_this_machine()]
    for key, value in build_args.items():
        words += ["--build-arg", f"{key}={value}"]
    buildah(*words, "--tag", reference, "--file", dockerfile, context, timeout_seconds=1800)


def on_this_machine() -> list[str]:
    """Return the options by which a build uses this machine's network, and images that are there."""
    words = ["--isolation", "chroot", "--network", "host", "--pull-never"]
    if _CERTIFICATES.exists():
        words += ["--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"]
    for key in (*_PASSED_ON, *_PROXIES):
        if os.environ.get(key):
            words += ["--build-arg", f"{key}={os.environ[key]}"]
    return words


def export(reference: str, archive: Path) -> None:
    """Write an image as one file, of the kind that is not compressed: it only goes to the containerd beside it."""
    fresh = archive.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    buildah("push", reference, f"docker-archive:{fresh}:{reference}")
    fresh.rename(archive)


def has(reference: str) -> bool:
    """Tell whether the store holds an image of that name."""
    return reference in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split()


def forget(repository: str, keep: int) -> None:
    """Remove all but the newest `keep` images of a repository, and what only they stood on."""
    listed = buildah("images", "--format", "{{.Name}}:{{.Tag}}", "--filter", f"reference={repository}").split()
    for old in listed[keep:]:
        buildah("rmi", old)


def free() -> bool:
    """Remove the whole store; return whether there was one."""
    store = paths.cache() / "images"
    with lock(paths.cache() / "locks" / "images"):
        there = store.exists()
        shutil.rmtree(store, ignore_errors=True)
    return there
