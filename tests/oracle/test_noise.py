"""Validation and test rows reach no cell: with other features in all of them every cell's scores stay."""

from typing import Any

import pytest


@pytest.mark.parametrize("name", ["noise-mixed", "noise-forest"])
def test_noise_in_validation_and_test_rows_changes_no_score_of_any_cell(name: str, product: dict[str, Any]) -> None:
    noisy, clean = product["cell"][name], product["cell"][f"{name}-without"]
    assert [cell["scores"] for cell in noisy] == [cell["scores"] for cell in clean]
    assert {cell["key"] for cell in noisy}.isdisjoint(cell["key"] for cell in clean)
    assert not any(cell["reused"] for cell in noisy)


@pytest.mark.parametrize("name", ["noise-mixed", "noise-forest"])
def test_the_noise_is_really_there(name: str, product: dict[str, Any]) -> None:
    noisy, clean = product["refit"][name], product["refit"][f"{name}-without"]
    assert noisy["validation"]["f1"] < clean["validation"]["f1"]
    assert noisy["test"] != clean["test"]
