"""Where files are: `file:` URIs and the folder that --output names."""

import re
from pathlib import Path

from pydantic import ValidationError

from gridfold.api.v1alpha1 import Output, TrainingJob
from gridfold_cli.errors import InvalidInputError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def relocate(job: TrainingJob, output: str) -> TrainingJob:
    """Return the job with another output folder; the cache moves below it.

    A URI is taken as if it stood in the YAML file; a plain path starts, as everywhere in a shell, at the current
    folder.

    Raises:
        InvalidInputError: it is neither s3:// nor file: nor a path.
    """
    uri = output if not output or _SCHEME.match(output) else f"file:{Path(output).absolute()}"
    try:
        moved = Output(uri=uri if uri.endswith("/") else f"{uri}/")
    except ValidationError:
        raise InvalidInputError(
            f"--output is {output!r}; expected s3://BUCKET/FOLDER/, file:FOLDER/ or a path"
        ) from None
    return job.model_copy(update={"spec": job.spec.model_copy(update={"output": moved})})


def local_path(uri: str, base_folder: Path) -> Path | None:
    """Return where a file: URI leads to, or None for any other URI."""
    scheme, _, rest = uri.partition(":")
    if scheme != "file":
        return None
    return (base_folder / rest.removeprefix("//")).resolve()
