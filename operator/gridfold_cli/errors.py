"""What the user is told instead of a result."""

from gridfold_cli.exits import Exit


class InvalidInputError(Exception):
    """What the user gave cannot be used; `problems` has every reason, a sentence each."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class CommandError(Exception):
    """A command ends with one sentence and an exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message, self.code = message, code
