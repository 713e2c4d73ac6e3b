"""Every example is a valid job, as the command line reads it."""

from pathlib import Path

import pytest

from gridfold.domain.grid import Grid
from gridfold_cli.reading.documents import load_training_job

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_an_example_is_a_valid_job(path: Path) -> None:
    job = load_training_job(path)
    assert 1 <= len(Grid.of(job.spec.search.grid)) <= job.spec.search.max_cells


def test_the_demo_has_twelve_cells_and_its_data_beside_it() -> None:
    spec = load_training_job(EXAMPLES / "demo.yaml").spec
    assert len(Grid.of(spec.search.grid)) == 12
    assert [source.uri for source in spec.dataset.sources] == ["file:breast-cancer.csv"]
