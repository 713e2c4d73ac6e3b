"""Formats of columns that other fields contradict are refused before anything is read."""

from typing import Any

import pytest

from gridfold.api.validation import InvalidTrainingJobError
from tests.unit.trainer.data_jobs import stage_input


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (
            {"columnFormats": {"a": {"prefix": "$"}}, "columnTypes": {"a": "Categorical"}},
            "spec.dataset.columnFormats.a: makes the column Numeric, but columnTypes says Categorical",
        ),
        ({"columnFormats": {"a": {"prefix": "$"}}, "columnTypes": {"a": "Boolean"}}, "but columnTypes says Boolean"),
        ({"columnFormats": {"a": {"thousands": "."}}}, 'decimal and thousands are both "." with those of csv'),
        (
            {"columnFormats": {"a": {"decimal": "."}}, "csv": {"decimal": ",", "thousands": "."}},
            "name the other one here, too",
        ),
        ({"columnFormats": {"a": {"decimal": ".", "thousands": "."}}}, "must not be the decimal mark"),
    ],
)
def test_a_format_that_other_fields_contradict_is_refused(dataset: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTrainingJobError) as caught:
        stage_input(dataset=dataset)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "dataset",
    [
        {"columnFormats": {"a": {"prefix": "$"}}, "columnTypes": {"a": "Numeric"}},
        {"columnFormats": {"a": {"decimal": ",", "thousands": "."}}},
        {"columnFormats": {"a": {"decimal": ".", "thousands": ","}}, "csv": {"decimal": ",", "thousands": "."}},
    ],
)
def test_a_format_that_agrees_with_them_is_taken(dataset: dict[str, Any]) -> None:
    assert stage_input(dataset=dataset).spec.dataset.column_formats


def test_a_job_without_formats_has_the_document_that_it_had_before_there_were_any() -> None:
    document = stage_input().spec.dataset.document()
    assert "columnFormats" not in document
    assert document["csv"].keys() == {"header", "delimiter", "encoding", "quoteCharacter", "missingValues"}
