"""One namespace (or all of them at once) as it is served, and what keeps it from being so.

A namespace may come late, go, or take its Role away; the others are served on meanwhile.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from gridfold_operator.errors import ApiNotFoundError, ApiRefusedError, ApiUnavailableError
from gridfold_operator.lease import Elector
from gridfold_operator.log import about
from gridfold_operator.together import run_together

if TYPE_CHECKING:
    from gridfold_operator.term import Term

LOG = logging.getLogger(__name__)

KIND_PAUSE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class ServedNamespace:
    """Serves one namespace ("" for all) for ever while it leads there, whatever the API server refuses there."""

    def __init__(
        self,
        name: str,
        look: Callable[[str], Awaitable[object]],
        elector: Elector,
        parts: Callable[[str], Iterable[Coroutine[Any, Any, None]]],
    ) -> None:
        """Take what lists its TrainingJobs, who elects its leader, and what makes the parts that serve it."""
        self.name = name
        #: Why it is not served; "": it is, or somebody else leads.
        self.trouble = "the kind TrainingJob is not there yet"
        self.leader = ""  #: who leads, where it is somebody else
        self.term: Term | None = None  #: in which it is served
        self._look, self._elector, self._parts = look, elector, parts
        self._pause = FIRST_PAUSE_SECONDS

    def __str__(self) -> str:
        """Return what a log calls it."""
        return f"namespace {self.name}" if self.name else "the cluster"

    async def run(self) -> NoReturn:
        """Serve it, or stand by; what is refused there is told, and tried again with back-off.

        Raises:
            LeadershipLostError: it was served, and another operator may lead there by now.
        """
        with about(namespace=self.name):
            await self._run()

    async def _run(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        while True:
            start = loop.time()
            try:
                await self._serve()
            except ApiRefusedError as error:
                if loop.time() - start > LONGEST_PAUSE_SECONDS:
                    self._pause = FIRST_PAUSE_SECONDS
                self._tell(str(error))
            await asyncio.sleep(random.uniform(self._pause / 2, self._pause))  # noqa: S311 (jitter, no secret)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    async def _serve(self) -> None:
        await self._wait_for_kind()
        async with self._elector.leading(self._stand_by) as term:
            LOG.info("%s is served, by %s", self, term)
            self.trouble, self.leader, self.term = "", "", term
            try:
                await run_together([self._elector.keep(term), *self._parts(self.name)])
            finally:
                self.term = None

    def _stand_by(self, leader: str) -> None:
        if leader != self.leader:
            LOG.info("%s is served by %s; this operator stands by", self, leader)
        self.trouble, self.leader = "", leader

    def _tell(self, trouble: str) -> None:
        """Tell why it is not served: at most a warning for every cause, however often it is tried."""
        if trouble != self.trouble:
            LOG.warning("%s is not served, and tried again: %s", self, trouble)
        self.trouble, self.leader = trouble, ""

    async def _wait_for_kind(self) -> None:
        """Wait until the API server knows the kind: kopf looks for it only once."""
        while True:
            try:
                await self._look(self.name)
            except (ApiNotFoundError, ApiUnavailableError) as error:
                LOG.warning("the kind TrainingJob cannot be seen yet: %s", error)
                await asyncio.sleep(KIND_PAUSE_SECONDS)
            else:
                return
