"""What the user is told instead of a result."""


class InvalidInputError(Exception):
    """What the user gave cannot be used; `problems` has every reason, a sentence each."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))
