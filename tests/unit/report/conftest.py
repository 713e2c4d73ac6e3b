"""Jinja2 lies beside site-packages: it is on the path only while the package is imported."""

import sys
from pathlib import Path

_FRAMES = str(Path(sys.prefix) / "gridfold-frames")

sys.path.append(_FRAMES)
try:
    import gridfold_report  # noqa: F401
finally:
    sys.path.remove(_FRAMES)
