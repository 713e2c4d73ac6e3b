"""The log: one line for each thing that happened, which says what it is about: namespace, job, run, wave."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

from gridfold.domain.visible import bounded, excerpt
from gridfold.domain.visible_log import ENTRY_LIMIT, make_visible
from gridfold.engine.ports import JobKey

LogFormat = Literal["JSON", "Text"]

#: Of a line's message; the rest of an entry is its traceback's.
MESSAGE_LIMIT = 4_096

_ABOUT: ContextVar[dict[str, str | int] | None] = ContextVar("about", default=None)


class JsonFormatter(logging.Formatter):
    """Formats an entry, its traceback included, as one line with one JSON object; texts in it are visible and bounded.

    What JSON itself would leave as it is (marks that turn a text around, separators of lines) stands as an escape, too.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        about = {name: excerpt(value) if isinstance(value, str) else value for name, value in _about().items()}
        line = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            **about,
            "message": bounded(record.getMessage(), MESSAGE_LIMIT),
        }
        if record.exc_info:
            line["exception"] = bounded(self.formatException(record.exc_info), ENTRY_LIMIT - MESSAGE_LIMIT)
        return json.dumps(line, ensure_ascii=False)


def begin_log(level: str = "INFO", form: LogFormat = "JSON") -> None:
    """Have everything that this process, its libraries and Python's warnings tell be lines on stderr."""
    logging.basicConfig(stream=sys.stderr)
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.setLevel(level)
    make_visible("%(asctime)s %(levelname)s %(name)s %(message)s")
    if form == "JSON":
        for handler in root.handlers:
            handler.setFormatter(JsonFormatter())


@contextmanager
def about(**fields: str | int | None) -> Iterator[None]:
    """Have every line of the block, tasks and threads that it starts included, say what it is about.

    None and "" are not said.
    """
    said = {name: value for name, value in fields.items() if value is not None and value != ""}
    token = _ABOUT.set(_about() | said)
    try:
        yield
    finally:
        _ABOUT.reset(token)


def about_job(key: JobKey | None) -> AbstractContextManager[None]:
    """Have every line of the block say which job it is about; None: nobody knows."""
    return about(namespace=key.namespace, job=key.name) if key else about()


def note_run(run: str) -> None:
    """Have all further lines of the block that is about a job say its run, which is known once the job was read."""
    if (fields := _ABOUT.get()) is not None and run:
        fields["run"] = run


def _about() -> dict[str, str | int]:
    return _ABOUT.get() or {}
