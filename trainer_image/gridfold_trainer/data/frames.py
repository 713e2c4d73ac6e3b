"""The folder of pandas and polars, which only prepare and refit put on the path.

scikit-learn imports pandas wherever it sees it, which costs every cell time and memory; so the two live beside
site-packages, in `gridfold-frames` of the environment, and not in it.
"""

import importlib.util
import sys
from pathlib import Path

from gridfold_trainer.errors import FramesMissingError


def add_frames() -> None:
    """Make pandas and polars importable. What is importable already stays as it is.

    Raises:
        FramesMissingError: they are nowhere.
    """
    folder = str(Path(sys.prefix) / "gridfold-frames")
    if folder not in sys.path:
        sys.path.append(folder)
    missing = [name for name in ("pandas", "polars") if importlib.util.find_spec(name) is None]
    if missing:
        raise FramesMissingError(
            f"{' and '.join(missing)} cannot be imported, neither from site-packages nor from {folder}; prepare and "
            f"refit need them: pip install 'gridfold[frames]'.",
        )
