"""What a command of the trainer answers: one JSON document on stdout, and the exit code."""

from collections.abc import Callable

from gridfold.api.base import ApiModel
from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import FailureReport
from gridfold_trainer.errors import TrainerError


def print_answer(answer: Callable[[], ApiModel]) -> int:
    """Print what `answer` returns, or a FailureReport of the TrainerError that it raises, and return the exit code."""
    document: ApiModel
    try:
        document, code = answer(), ExitCode.OK
    except TrainerError as error:
        document, code = FailureReport(reason=error.reason, message=str(error)), error.exit_code
    print(document.model_dump_json(by_alias=True))  # noqa: T201 (this is its output)
    return int(code)
