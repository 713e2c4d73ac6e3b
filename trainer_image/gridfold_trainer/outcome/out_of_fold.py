"""What the winner says of the rows of each fold: no fit is added for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gridfold_trainer.learning.fold_answers import FoldAnswers


@dataclass(frozen=True)
class OutOfFold:
    """The answers of the winner's folds, repeat after repeat; one that cannot be asked is left out."""

    positive: int | None  #: code of the positive class, None unless there are two classes
    folds: Sequence[FoldAnswers] = ()

    def first(self, repeats: int) -> Sequence[FoldAnswers]:
        """Return the folds of the first of several repeats: in the others the same rows would count again."""
        return self.folds[: len(self.folds) // repeats]
