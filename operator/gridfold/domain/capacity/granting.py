"""What to ask of a provider now, and what to say of it. Pure: from what is needed, held, allowed and used.

Up as soon as pods have found no room for long enough, by what they lack beside nodes that have none of the job's pods
yet; down when fewer pods are left than the nodes are for, and only where that costs no pod that runs; back to nothing
at once when nothing can run any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gridfold.api.v1alpha1.capacity import NONE, CapacitySettings
from gridfold.domain.capacity import saying
from gridfold.domain.capacity.held import EnsureNodes, Held, Pods, ReleaseNodes, Shape, Trouble, Verdict
from gridfold.domain.capacity.need import Need, Off
from gridfold.domain.capacity.sizing import misfits, nodes_at_most, nodes_for

#: A node is asked for only where the job may have all of its nodes for so long: it takes minutes until one is of use.
LEAST_SECONDS = 360
#: After a failure so long is waited, twice as long after the next one, and so on.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 30.0, 900.0
#: The scheduler has found a new node by then, and we have seen it.
SETTLED_SECONDS = 15.0
#: Machines of a cloud are nodes within two or three minutes, with drivers of a GPU within five.
LATE_SECONDS = 300.0
LOOK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Grant:
    """One look at the nodes of one job."""

    need: Need
    held: Held
    capacity: CapacitySettings  #: of the spec
    used_seconds: float  #: of nodes, that the job has had so far
    now: datetime

    @property
    def seconds_left(self) -> float | None:
        """Return how many node-seconds the job may still have; None: as many as it likes."""
        if self.capacity.max_node_hours is None:
            return None
        return self.capacity.max_node_hours * 3600 - self.used_seconds

    @property
    def most_nodes(self) -> int:
        """Return how many nodes the job may have at one time."""
        most = self.capacity.max_nodes
        return most if self.held.most_nodes is None else min(most, self.held.most_nodes)

    @property
    def by_hours(self) -> int:
        """Return how many nodes the job can have for so long that they are of use."""
        left = self.seconds_left
        return self.most_nodes if left is None else min(self.most_nodes, int(left // LEAST_SECONDS))

    @property
    def busy(self) -> int:
        """Return how many of the granted nodes have pods of the job, as far as that is known."""
        return min(self.held.ready_nodes, len(self.held.ready & self.need.busy))

    @property
    def unsettled(self) -> float:
        """Return for how many seconds pods may not have found a new node yet."""
        since = self.held.ready_since
        return 0.0 if since is None else max(0.0, SETTLED_SECONDS - (self.now - since).total_seconds())

    @property
    def late(self) -> bool:
        """Tell whether nodes have been asked for, and pods have waited, for so long that they should have come."""
        held = self.held
        if held.since is None or held.ready_nodes >= held.nodes:
            return False
        return min((self.now - held.since).total_seconds(), self.need.waited) >= LATE_SECONDS

    @property
    def paused(self) -> float:
        """Return for how many seconds nothing is asked, as the last tries have failed."""
        return paused_for(self.held.trouble, self.now)


def paused_for(trouble: Trouble | None, now: datetime) -> float:
    """Return for how many seconds nothing is asked of a provider, as the last tries have failed."""
    if trouble is None or trouble.last is None or trouble.tries < 1:
        return 0.0
    pause = timedelta(seconds=pause_seconds(trouble.tries))
    return max(0.0, (trouble.last + pause - now).total_seconds())


def pause_seconds(tries: int) -> float:
    """Return how long to wait after so many failures in a row."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(16, max(0, tries - 1)))


def judge(grant: Grant) -> Verdict:
    """Return what to ask of the provider now. Idempotent: what is asked may be asked again."""
    held, need = grant.held, grant.need
    if held.leaving or (held.anything and (held.provider != grant.capacity.provider or _is_over(need))):
        return Verdict(ReleaseNodes(), look_again_seconds=LOOK_AGAIN_SECONDS)
    if need.off is Off.QUEUE and grant.capacity.provider != NONE:
        return Verdict(None, *saying.queue_provides(grant.capacity.provider))
    if need.off is not None or grant.capacity.provider == NONE:
        return Verdict()
    left = grant.seconds_left
    if left is not None and left <= 0:
        return _used_up(grant)
    if held.shape is None:
        trouble = held.trouble
        return Verdict(None, trouble.reason, trouble.message) if trouble and need.wanting else Verdict()
    return _ask(grant, held.shape)


def _is_over(need: Need) -> bool:
    return need.off is not None or not need.live


def _used_up(grant: Grant) -> Verdict:
    words = saying.node_hours_used(grant.capacity.provider, grant.capacity.max_node_hours or 0)
    step = ReleaseNodes() if grant.held.anything else None
    return Verdict(step, *words, LOOK_AGAIN_SECONDS if step else None)


def _ask(grant: Grant, shape: Shape) -> Verdict:
    """Return how many nodes to have: as many as are held, more, or fewer."""
    wanted = _wanted(grant, shape)
    nodes = min(wanted, grant.most_nodes, max(grant.held.nodes, grant.by_hours))
    if (nodes > grant.held.nodes and grant.unsettled) or (nodes < grant.held.nodes and not _may_lower(grant)):
        nodes = min(grant.held.nodes, grant.most_nodes)
    reason, message = _words(grant, shape, wanted, nodes)
    if nodes == 0:
        step = ReleaseNodes() if grant.held.anything else None
        return Verdict(step, reason, message, LOOK_AGAIN_SECONDS if step else grant.need.soon)
    if grant.paused and nodes >= grant.held.nodes:
        return Verdict(None, reason, message, grant.paused)
    return Verdict(EnsureNodes(nodes), reason, message, _look_again(grant, nodes))


def _wanted(grant: Grant, shape: Shape) -> int:
    """Return how many nodes there should be, whatever is allowed.

    Beside those with pods of the job: as many as the pods need that have no node. A node that is on its way, or has
    come and is still empty, is for those. All together are never more than all that may run can fill.
    """
    need, held = grant.need, grant.held
    idle = max(0, held.nodes - grant.busy)
    lacking = nodes_for((*need.lacking, *need.ahead), shape, empty=idle)
    most = nodes_at_most(need.live, shape)
    if lacking:
        return max(min(held.nodes + lacking, most), min(held.nodes, max(most, grant.busy)))
    waiting = _not_running(need)
    return min(held.nodes, max(grant.busy, min(most, grant.busy + nodes_for(waiting, shape))))


def _not_running(need: Need) -> tuple[Pods, ...]:
    """Return the pods that have no node, or may come: those that run are the first ones of what is live."""
    left = need.running
    found = []
    for group in need.live:
        taken = min(left, group.count)
        left -= taken
        found.append(Pods(group.count - taken, group.requests, group.setting))
    return tuple(found)


def _may_lower(grant: Grant) -> bool:
    """Tell whether fewer nodes cost no pod that runs: the provider sees to it, or the job has no pod on any of them."""
    held, need = grant.held, grant.need
    return held.spares_busy or not need.busy or (grant.busy == 0 and held.ready_nodes >= held.nodes)


def _look_again(grant: Grant, nodes: int) -> float | None:
    """Return when something changes of which nobody tells: patience ends, or the node-hours."""
    times = [grant.need.soon, grant.unsettled or None]
    if grant.seconds_left is not None:
        times.append(max(1.0, grant.seconds_left / nodes))
    return min((time for time in times if time is not None), default=None)


def _words(grant: Grant, shape: Shape, wanted: int, nodes: int) -> tuple[str, str]:
    """Return what is said of pods that have no node; nothing where there are none."""
    need, held = grant.need, grant.held
    for group in (*need.lacking, *need.ahead):
        if found := misfits(group, shape):
            return saying.does_not_fit(group, found, held.provider)
    if not need.lacking:
        return "", ""
    asked = saying.Asked(held.provider, nodes, held.ready_nodes, need.wanting)
    if grant.paused or (held.trouble and held.ready_nodes < nodes):
        return saying.troubled(asked, held.trouble)
    if grant.late and nodes == held.nodes:
        return saying.late(asked, LATE_SECONDS)
    if wanted > nodes:
        hours = grant.capacity.max_node_hours if grant.by_hours < min(wanted, grant.most_nodes) else None
        return saying.limited(asked, wanted, saying.Bound(grant.capacity.max_nodes, held.most_nodes, hours))
    settled = held.ready_since is not None and not grant.unsettled
    if nodes and settled and held.ready_nodes >= held.nodes == nodes and grant.busy < nodes:
        return saying.unused(asked, nodes - grant.busy, need.words)
    return saying.requested(asked)
