"""Examples at the end of a command's --help."""


def examples(*lines: str) -> str:
    """Return an epilog whose lines click leaves as they are."""
    return "\n".join(("\b", "Example:" if len(lines) == 1 else "Examples:", *(f"  {line}" for line in lines)))
