"""Drop from a hashed requirement file every package that stands in another: lock_subtract.py FILE OTHER [KEPT…]."""

import re
import sys
from pathlib import Path


def blocks(path: Path) -> list[tuple[str, str]]:
    """Return (package, its lines) in order; a package with markers may stand there more than once."""
    found = re.split(r"\n(?=\S)", path.read_text().strip())
    return [(re.split(r"[=\s;]", block, maxsplit=1)[0], block) for block in found]


target, other = Path(sys.argv[1]), Path(sys.argv[2])
gone = {name for name, _ in blocks(other)} - set(sys.argv[3:])
target.write_text("\n".join(block for name, block in blocks(target) if name not in gone) + "\n")
