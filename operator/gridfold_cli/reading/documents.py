"""From a file to a TrainingJob, or to all of its problems at once."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gridfold.api.estimator_names import parse_prefixes
from gridfold.api.handoff import ESTIMATOR_PREFIXES_VARIABLE
from gridfold.api.v1alpha1 import API_VERSION, KIND, TrainingJob
from gridfold.api.validation import InvalidTrainingJobError, Problem, parse_training_job, show
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.reading.files import read_text
from gridfold_cli.reading.kubectl_yaml import Document, YamlError, read_documents
from gridfold_cli.reading.metadata import metadata_problems
from gridfold_cli.reading.suggestions import suggest
from gridfold_cli.reading.yaml_scalars import json_value


def load_training_job(path: Path) -> TrainingJob:
    """Return the TrainingJob of a YAML or JSON file, as the API server would store it.

    Raises:
        InvalidInputError: with all problems, each with its line where it has one.
    """
    document = _resource(path)
    # Like the API server, which takes the status from the operator alone.
    resource = {name: value for name, value in document.value.items() if name != "status"}
    problems = (*metadata_problems(resource.get("metadata")), *_boolean_keys(document))
    try:
        prefixes = parse_prefixes(os.environ.get(ESTIMATOR_PREFIXES_VARIABLE, ""))
        job = parse_training_job(resource, prefixes)
    except InvalidTrainingJobError as error:
        raise InvalidInputError(*_sentences(path, (*problems, *error.problems), document.lines)) from error
    if problems:
        raise InvalidInputError(*_sentences(path, problems, document.lines))
    return job


def read_resource(path: Path) -> dict[str, Any]:
    """Return the resource of a file as it is written there, without its status.

    Raises:
        InvalidInputError: there is none.
    """
    return {name: value for name, value in _resource(path).value.items() if name != "status"}


def _resource(path: Path) -> Document:
    """Return the document of a file, a map of our kind."""
    document = _only_document(path, read_text(path))
    if not isinstance(document.value, Mapping):
        raise InvalidInputError(
            f"{path}: {show(document.value)} is no resource; expected a {KIND}: a map with apiVersion"
        )
    found = document.value.get("apiVersion"), document.value.get("kind")
    if found != (API_VERSION, KIND):
        raise InvalidInputError(
            f"{path}: apiVersion is {show(found[0])} and kind is {show(found[1])}; expected {API_VERSION} and {KIND}"
        )
    return document


def _boolean_keys(document: Document) -> Iterator[Problem]:
    """Yield keys such as Yes, which YAML reads as true: a class or column of that name needs quotes."""
    for path, written in document.booleans.items():
        if path.startswith("spec."):
            key = path.rpartition(".")[2]
            yield Problem(path, "", f"YAML reads the key {written} as {key}; write '{written}' in quotes")


def _only_document(path: Path, text: str) -> Document:
    if text.lstrip().startswith("{"):
        try:  # kubectl tries JSON first, too
            return Document(_read_json(text))
        except ValueError:
            pass  # a flow map of YAML, or YAML's error tells the line
    try:
        documents = list(read_documents(text))
    except YamlError as error:
        raise InvalidInputError(f"{path}:{error.line}:{error.column}: {error.message}") from error
    if not documents:
        raise InvalidInputError(f"{path}: is empty; expected one {KIND}")
    if len(documents) > 1:
        lines = ", ".join(str(document.lines[""]) for document in documents)
        raise InvalidInputError(
            f"{path}: has {len(documents)} documents (they start on lines {lines}); expected one {KIND}: "
            "keep one in each file"
        )
    return documents[0]


def _read_json(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=_unique,
        parse_float=lambda digits: json_value(float(digits)),
        parse_int=lambda digits: json_value(int(digits)),
        parse_constant=_refuse,
    )


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the map of these pairs; with a key that stands twice, let YAML tell the line."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _sentences(path: Path, problems: tuple[Problem, ...], lines: Mapping[str, int]) -> list[str]:
    """Return the problems from the top of the file to its bottom."""
    found = sorted(((_line(problem.path, lines), problem) for problem in problems), key=lambda pair: pair[0])
    return [f"{path}{f':{line}' if line else ''}: {problem}{suggest(problem)}" for line, problem in found]


def _line(path: str, lines: Mapping[str, int]) -> int:
    """Return the line of a path; of one that is not there, that of what it is missing from; 0 without lines."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 0)
