"""The folders that a peer's process has on its path and ours has not."""

import os
import sys
from pathlib import Path

#: pandas and polars, which of ours only prepare and refit see.
FRAMES = Path(sys.prefix) / "gridfold-frames"
#: pyarrow, which pandas.to_parquet wants and images with pandas have; `make benchmark` installs it, with pinned hashes.
PYARROW = Path(sys.prefix) / "gridfold-peers"


def with_path(*folders: Path) -> dict[str, str]:
    """Return this process's environment with these folders on Python's path.

    Raises:
        RuntimeError: one is not there; the peer would do less than it is said to do.
    """
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise RuntimeError(
            f"{', '.join(missing)} is missing; start the benchmarks by `make benchmark`, which makes it."
        )
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*([before] if before else []), *map(str, folders)])}
