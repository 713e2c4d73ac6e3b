"""What the machine must have, and putting there what is missing."""

import os
import platform
import shutil
import sys
from pathlib import Path

from tests.testbed.errors import UnavailableError
from tests.testbed.paths import HERE
from tests.testbed.shell import SYSTEM_PATH, environment, run


def require() -> None:
    """Make the machine able to run the testbed, or raise one sentence that says what it lacks."""
    check()
    absent = missing_packages()
    if absent:
        install(*absent)
        if left := missing_packages():
            raise UnavailableError(f"apt-get installed what was asked, but {', '.join(left)} still cannot be found.")


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


def install(*packages: str) -> None:
    """Install by apt without any service of the packages being started."""
    print(f"testbed: installing {' '.join(packages)}", file=sys.stderr)
    env = environment(DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1") | {
        key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")
    }
    run(["apt-get", "-q", "update"], env=env, timeout_seconds=300)
    run(["apt-get", "-qy", "--no-install-recommends", "install", *packages], env=env, timeout_seconds=600)
