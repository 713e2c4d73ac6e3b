"""What determines a number beside the data and the parameters: versions; and what is recorded with every number."""

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from gridfold.domain.keys import RESULT_FORMAT
from gridfold.domain.keys import digest as digest_of
from gridfold_trainer.learning import platform_estimators
from gridfold_trainer.learning.light_imports import import_scikit_learn


def versions(class_name: str) -> dict[str, str]:
    """Return the versions that a number of this estimator may depend on, by name of the distribution."""
    import_scikit_learn()
    import numpy as np
    import scipy
    import sklearn

    more = (platform_estimators.version(class_name),) if platform_estimators.is_allowed(class_name) else ()
    return {
        **dict(more),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "gridfold": importlib.metadata.version("gridfold"),
    }


def digest(class_name: str) -> str:
    """Return the digest of all of this environment that is part of every cell's key."""
    return digest_of_versions(versions(class_name))


def digest_of_versions(known: Mapping[str, str]) -> str:
    """Return the digest of an environment with these versions, as `versions` names them.

    Of Python only the minor version counts: a patch release changes no float. Gridfold's own version is stood for
    by the version of the result format, so that an upgrade does not throw the cache away.
    """
    found = dict(known)
    found["python"] = ".".join(found["python"].split(".")[:2])
    found.pop("gridfold", None)
    return digest_of({**found, "resultFormat": RESULT_FORMAT})


def blas() -> dict[str, str]:
    """Return name, version and architecture of the BLAS in use: OpenBLAS chooses its kernels by the processor."""
    import threadpoolctl

    found: list[dict[str, Any]] = threadpoolctl.threadpool_info()
    libraries = [library for library in found if library.get("user_api") == "blas"]
    numpys = [library for library in libraries if "numpy" in str(library.get("filepath", ""))]
    chosen = next(iter(numpys or libraries), {})
    return {
        "name": str(chosen.get("internal_api", "unknown")),
        "version": str(chosen.get("version", "unknown")),
        "architecture": str(chosen.get("architecture", platform.machine())),
        "threads": str(chosen.get("num_threads", "unknown")),
    }
