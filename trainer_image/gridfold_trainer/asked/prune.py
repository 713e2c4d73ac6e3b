"""Objects that no latest.json reaches, of a job's output folder and its cache: counted, or removed."""

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gridfold.api.answers import Pile, PruneAnswer
from gridfold.api.handoff import StageInput
from gridfold_trainer.pruning.items import Item, Kind
from gridfold_trainer.pruning.look import Look
from gridfold_trainer.pruning.removal import Removal, until_interrupted
from gridfold_trainer.storage.context import Context

#: Folders of runs that are named.
_NAMED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what stays, and whether the rest is removed."""
    parser.add_argument("--older-than", type=float, required=True, metavar="SECONDS")
    parser.add_argument("--keep-runs", type=int, required=True, help="the newest, the current one among them")
    parser.add_argument("--yes", action="store_true", help="remove")


def answer(options: argparse.Namespace, job: StageInput, context: Context) -> PruneAnswer:
    """Return what is there, what of it may go, and what has gone.

    Raises:
        TrainerError: there is no current run, or storage cannot be read; nothing was removed.
    """
    look = Look(job, context)
    now = datetime.now(UTC)  # noqa: TID251 (what is stored has an age)
    rules = look.rules(now - timedelta(seconds=options.older_than), options.keep_runs)
    judged = [(item, rules.why(item) or "") for item in look.items]
    going = [item for item, why in judged if not why]
    removal = Removal(context.store)
    if options.yes:
        with until_interrupted(removal.stop):
            removal.run(going, lambda: look.current_mark() == look.mark)
    return PruneAnswer(
        run=look.run,
        users=sorted({entry.who for entry in look.entries}),
        piles=_piles((item, why, item.sizes) for item, why in judged),
        runs=[uri for item in going if item.kind is Kind.RUN for uri in [_folder(item)]][:_NAMED],
        doubts=look.doubts,
        removed=_piles((item, "", removal.removed.intersection(item.sizes)) for item in going),
        failure=removal.failure,
        interrupted=removal.stop.is_set() and not removal.failure,
    )


def _folder(item: Item) -> str:
    """Return the folder of a run."""
    uri = next(iter(item.sizes))
    return uri[: uri.index(item.name) + len(item.name) + 1]


def _piles(parts: Iterable[tuple[Item, str, Iterable[str]]]) -> list[Pile]:
    """Return items by kind and why they stay; of each the objects that are named."""
    found: dict[tuple[Kind, str], Pile] = {}
    for item, why, uris in parts:
        named = list(uris)
        if named:
            pile = found.get((item.kind, why)) or Pile(kind=item.kind, why=why)
            found[item.kind, why] = pile.model_copy(
                update={
                    "things": pile.things + 1,
                    "objects": pile.objects + len(named),
                    "size_bytes": pile.size_bytes + sum(item.sizes[uri] for uri in named),
                }
            )
    order = list(Kind)
    return [found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1]))]
