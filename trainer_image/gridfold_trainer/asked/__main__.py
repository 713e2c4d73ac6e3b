"""Answer one question about a job: `python -m gridfold_trainer.asked QUESTION --job job.json`.

Prints one JSON document (gridfold.api.answers, or a FailureReport).
"""

import argparse
import logging
import sys
from pathlib import Path

from gridfold.api.base import ApiModel
from gridfold.api.handoff import StageInput
from gridfold.domain.visible_log import make_visible
from gridfold_trainer.asked import copies, kept_logs, prune, replay
from gridfold_trainer.printed import print_answer
from gridfold_trainer.stages import open_context

QUESTIONS = {"copies": copies, "log": kept_logs, "prune": prune, "replay": replay}


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
    make_visible()
    job = StageInput.model_validate_json(options.job.read_bytes())
    return print_answer(lambda: _answer(options, job))


def _answer(options: argparse.Namespace, job: StageInput) -> ApiModel:
    with open_context(job) as context:
        answer: ApiModel = QUESTIONS[options.question].answer(options, job, context)
        return answer


if __name__ == "__main__":
    sys.exit(main())
