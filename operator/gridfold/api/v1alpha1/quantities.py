"""Quantities as Kubernetes writes them: "500m", "2Gi", "1.5". Exact, and rounded only where asked."""

from decimal import ROUND_CEILING, Decimal

_FACTORS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate(("K", "M", "G", "T", "P", "E"), 1)},
}
_SUFFIXES = "mkKMGTPEi"


def amount(quantity: str) -> Decimal:
    """Return a quantity as a number: bytes, processors, pieces."""
    number = quantity.rstrip(_SUFFIXES)
    return Decimal(number) * _FACTORS[quantity[len(number) :]]


def format_bytes(size: Decimal | int) -> str:
    """Return bytes, rounded up to whole ones, as a quantity with the largest unit that keeps them exact."""
    whole = int(Decimal(size).to_integral_value(ROUND_CEILING))
    for suffix in ("Ei", "Pi", "Ti", "Gi", "Mi", "E", "P", "T", "G", "M", "Ki", "k"):
        unit = int(_FACTORS[suffix])
        if whole and whole % unit == 0:
            return f"{whole // unit}{suffix}"
    return str(whole)
