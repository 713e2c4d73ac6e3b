"""From a file to a TrainingJob, or to all of its problems at once."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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


def local_prefixes() -> tuple[str, ...]:
    """Return the packages whose estimators may be named on this machine, beside scikit-learn's."""
    return parse_prefixes(os.environ.get(ESTIMATOR_PREFIXES_VARIABLE, ""))


@dataclass(frozen=True)
class JobFile:
    """A file with one TrainingJob, as it was read, once: what comes through a pipe is not there a second time."""

    path: Path
    document: Document  #: a map of our kind

    @property
    def resource(self) -> dict[str, Any]:
        """What is written there, without the status, which the API server takes from the operator alone."""
        return {name: value for name, value in self.document.value.items() if name != "status"}

    def parse(self, prefixes: Sequence[str] | None = None) -> TrainingJob:
        """Return the TrainingJob, as the API server would store it.

        `prefixes` are the packages that a platform allows, in place of those of this machine.

        Raises:
            InvalidInputError: with all problems, each with its line where it has one.
        """
        resource = self.resource
        problems = (*metadata_problems(resource.get("metadata")), *_boolean_keys(self.document))
        try:
            job = parse_training_job(resource, local_prefixes() if prefixes is None else prefixes)
        except InvalidTrainingJobError as error:
            raise InvalidInputError(*self.tell((*problems, *error.problems))) from error
        if problems:
            raise InvalidInputError(*self.tell(problems))
        return job

    def tell(self, problems: Sequence[Problem]) -> list[str]:
        """Return the problems as sentences, from the top of the file to its bottom, each with its line."""
        lines = self.document.lines
        found = sorted(((_line(problem.path, lines), problem) for problem in problems), key=lambda pair: pair[0])
        return [f"{self.path}{f':{line}' if line else ''}: {problem}{suggest(problem)}" for line, problem in found]


def load_training_job(path: Path) -> TrainingJob:
    """Return the TrainingJob of a YAML or JSON file, as the API server would store it.

    Raises:
        InvalidInputError: with all problems, each with its line where it has one.
    """
    return read_job_file(path).parse()


def read_job_file(path: Path) -> JobFile:
    """Return what a YAML or JSON file has.

    Raises:
        InvalidInputError: it is no single resource of our kind.
    """
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
    return JobFile(path, document)


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


def _line(path: str, lines: Mapping[str, int]) -> int:
    """Return the line of a path; of one that is not there, that of what it is missing from; 0 without lines."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 0)
