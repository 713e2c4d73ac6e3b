"""Answer one question about a job: `python -m gridfold_trainer.asked QUESTION --job job.json`.

Prints one JSON document (gridfold.api.answers, or a FailureReport).
"""

import argparse
import logging
import sys
from pathlib import Path

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import FailureReport, StageInput
from gridfold_trainer.asked import kept_logs
from gridfold_trainer.errors import TrainerError
from gridfold_trainer.stages import open_context

QUESTIONS = {"log": kept_logs}


def main(arguments: list[str] | None = None) -> int:
    """Print the answer and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m gridfold_trainer.asked", description=__doc__)
    questions = parser.add_subparsers(dest="question", required=True)
    for name, module in QUESTIONS.items():
        question = questions.add_parser(name)
        question.add_argument("--job", type=Path, required=True, help="job.json, as of prepare or a cell")
        module.add_arguments(question)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    job = StageInput.model_validate_json(options.job.read_bytes())
    try:
        with open_context(job) as context:
            answer = QUESTIONS[options.question].answer(options, job, context)
    except TrainerError as error:
        failure = FailureReport(reason=error.reason, message=str(error))
        print(failure.model_dump_json(by_alias=True))  # noqa: T201 (this is its output)
        return int(error.exit_code)
    print(answer.model_dump_json(by_alias=True))  # noqa: T201 (this is its output)
    return int(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
