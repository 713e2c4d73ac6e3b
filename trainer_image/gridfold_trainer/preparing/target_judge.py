"""Preflight of the target, in a thread of its own: the matrix is being written meanwhile."""

from concurrent.futures import Future
from dataclasses import dataclass

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold_trainer import preflight
from gridfold_trainer.data.assemble import Assembled
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.targets import Target
from gridfold_trainer.learning.splits import Parts
from gridfold_trainer.preparing.beside import beside


@dataclass(frozen=True)
class JudgedTarget:
    """What preflight made of the target; the parts are None where there are problems."""

    resolved: Resolved
    positive: int | None
    parts: Parts | None
    problems: list[str]


@dataclass
class TargetJudge:
    """Judges the target once it is known, while others go on."""

    spec: TrainingJobSpec
    cls: type
    _judging: Future[JudgedTarget] | None = None

    def begin(self, target: Target, orders: Orders) -> None:
        """Start."""
        self._judging = beside(self._judge, target, orders)

    def judged(self, data: Assembled) -> JudgedTarget:
        """Wait for what was found; data that was stored already is judged now."""
        return self._judging.result() if self._judging else self._judge(data.target, data.orders)

    def _judge(self, target: Target, orders: Orders) -> JudgedTarget:
        positive, problems = preflight.find_positive(self.spec, target.classes)
        resolved = preflight.resolve(self.spec, self.cls, target.classes, positive)
        parts, more = preflight.target_problems(self.spec, resolved, target, orders)
        return JudgedTarget(resolved, positive, parts, [*problems, *more])
