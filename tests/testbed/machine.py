"""What the machine must have, and putting there what is missing."""

import os
import platform
import shutil
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from tests.testbed.errors import UnavailableError
from tests.testbed.paths import HERE, cache
from tests.testbed.shell import SYSTEM_PATH, environment, lock, run


def require() -> None:
    """Make the machine able to run the testbed, or raise one sentence that says what it lacks."""
    check()
    with _only_one():
        if not (absent := missing_packages()):
            return
        _install(*absent)
        if left := missing_packages():
            raise UnavailableError(f"apt-get installed what was asked, but {', '.join(left)} still cannot be found.")


def command(name: str, package: str) -> str:
    """Return the path of a command; where it is missing, its package is installed, unless another process does so.

    Raises:
        UnavailableError: it is missing, and there is no apt-get, or its package does not have it.
        TestbedError: apt-get has failed.
    """
    if found := shutil.which(name):
        return found
    with _only_one():
        if found := shutil.which(name):  # by whoever had the lock before
            return found
        if not shutil.which("apt-get"):
            raise UnavailableError(f"There is no {name} on the path, and no apt-get to install {package} with.")
        _install(package)
        if found := shutil.which(name):
            return found
        raise UnavailableError(f"apt-get installed {package}, but there is still no {name} on the path.")


def _only_one() -> AbstractContextManager[None]:
    """Wait until no other process of tests installs anything."""
    return lock(cache() / "locks" / "apt")


def check() -> None:
    """Raise if the machine lacks something that no package can bring."""
    if sys.platform != "linux":
        raise UnavailableError(f"The testbed needs Linux namespaces; this is {platform.system()}.")
    if os.geteuid() != 0:
        raise UnavailableError(
            "The testbed needs root for its namespaces; run as root, or point GRIDFOLD_TEST_KUBECONFIG at a cluster."
        )
    if not shutil.which("go"):
        raise UnavailableError("The testbed builds Kubernetes from Go modules; install Go 1.26 or newer.")
    absent = missing_packages()
    if absent and not shutil.which("apt-get"):
        raise UnavailableError(f"The testbed needs {', '.join(absent)} and finds no apt-get to install them with.")


def missing_packages() -> list[str]:
    """Return the Debian packages whose proof (a command or a file) is not on this machine."""
    lines = (HERE / "apt-packages.txt").read_text().splitlines()
    pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return [package for package, proof in pairs if not _is_there(proof)]


def _is_there(proof: str) -> bool:
    if proof.startswith("/"):
        return any(Path("/").glob(proof.lstrip("/")))
    return shutil.which(proof, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}") is not None


def _install(*packages: str) -> None:
    """Install by apt, when nobody else does, without any service of the packages being started."""
    print(f"testbed: installing {' '.join(packages)}", file=sys.stderr)
    env = environment(DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1") | {
        key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")
    }
    run(["apt-get", "-q", "update"], env=env, timeout_seconds=300)
    patient = ("-o", "DPkg::Lock::Timeout=300")  # a machine's own upgrades know nothing of our lock
    run(["apt-get", "-qy", *patient, "--no-install-recommends", "install", *packages], env=env, timeout_seconds=900)
