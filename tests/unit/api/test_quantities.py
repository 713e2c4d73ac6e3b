"""Quantities are read as Kubernetes reads them."""

from decimal import Decimal

import pytest

from gridfold.api.v1alpha1.quantities import amount, format_bytes


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", "1"), ("500m", "0.5"), ("1.5", "1.5"), ("2k", "2000"), ("2Ki", "2048"), ("1.5Gi", "1610612736"), ("0", "0")],
)
def test_a_quantity_is_an_exact_number(text: str, number: str) -> None:
    assert amount(text) == Decimal(number)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (2 * 700 * 2**20, "1400Mi"),
        (4 * 2**30, "4Gi"),
        (1_024_000_000, "1024M"),
        (1536 * 2**20, "1536Mi"),
        (Decimal("0.5"), "1"),
        (0, "0"),
    ],
)
def test_bytes_are_written_with_the_largest_unit_that_keeps_them(size: int, text: str) -> None:
    assert format_bytes(size) == text
    assert amount(text) >= size
