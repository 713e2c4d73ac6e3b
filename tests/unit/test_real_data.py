"""A clone without the real data sets passes everywhere; where their folder is named, their absence fails."""

from pathlib import Path

import pytest

from tests.real_data import DATA_VARIABLE, REPOSITORY, data_folder, require

NAME = "no such data set.csv"


@pytest.mark.parametrize("ci", [{}, {"CI": "true"}])
@pytest.mark.parametrize("named", [{}, {DATA_VARIABLE: ""}])
def test_where_nobody_named_the_folder_the_test_is_skipped_with_the_reason_in_ci_too(
    ci: dict[str, str], named: dict[str, str]
) -> None:
    with pytest.raises(pytest.skip.Exception, match=f"{NAME} is not there; set {DATA_VARIABLE} to the folder"):
        require(NAME, {**ci, **named})


@pytest.mark.parametrize("ci", [{}, {"CI": "true"}])
def test_where_the_folder_was_named_the_test_fails(ci: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=f"{NAME} is not there, and {DATA_VARIABLE} is {tmp_path}"):
        require(NAME, {**ci, DATA_VARIABLE: str(tmp_path)})


def test_a_file_that_is_there_is_returned_whether_the_folder_is_relative_or_not(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    assert require(NAME, {DATA_VARIABLE: str(tmp_path)}) == tmp_path / NAME
    assert data_folder({DATA_VARIABLE: "../elsewhere"}) == REPOSITORY / "../elsewhere"
    assert data_folder({}) == REPOSITORY / "../shared/data"


def test_what_ci_runs_names_the_folder() -> None:
    script = (REPOSITORY / ".ci/run").read_text()
    assert f'export {DATA_VARIABLE}="${{{DATA_VARIABLE}:-../shared/data}}"' in script
