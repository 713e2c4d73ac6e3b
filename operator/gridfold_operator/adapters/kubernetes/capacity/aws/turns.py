"""One after the other, by name, within this process; others are seen in the group's tags (see group.py)."""

import asyncio
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Turns:
    """A lock for each name."""

    locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def __call__(self, name: str) -> asyncio.Lock:
        """Return what is entered for one's turn."""
        return self.locks.setdefault(name, asyncio.Lock())
