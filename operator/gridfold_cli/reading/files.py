"""Files that people name, as text."""

from pathlib import Path

from gridfold_cli.errors import InvalidInputError

#: The API server takes no larger request.
MAX_BYTES = 3 * 1024 * 1024


def read_text(path: Path) -> str:
    """Return the text of a YAML file.

    Raises:
        InvalidInputError: there is none, or it is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InvalidInputError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise InvalidInputError(f"{path}: is a folder; expected a YAML file") from None
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise InvalidInputError(f"{path}: has more than {MAX_BYTES} bytes, which the API server refuses, too")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{path}: is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
        ) from error
