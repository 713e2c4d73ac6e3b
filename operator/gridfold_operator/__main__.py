"""The composition root: `python -m gridfold_operator --settings FILE`."""

import argparse
import asyncio
import logging
import sys
from contextlib import suppress
from functools import partial

from gridfold.domain.visible_log import make_visible
from gridfold_operator.adapters.kubernetes.client import load_configuration
from gridfold_operator.errors import ClusterError, NoClusterError
from gridfold_operator.operator_process import LOG, Operator
from gridfold_operator.settings import OperatorSettings, SettingsError, load_settings
from gridfold_operator.signals import cancel_on_signals


async def _main(settings: OperatorSettings) -> None:
    """Run the operator until a signal comes."""
    task = asyncio.current_task()
    if task is None:
        raise AssertionError("a coroutine that runs is run by a task")
    heed_signals = partial(cancel_on_signals, task)
    heed_signals()
    with suppress(asyncio.CancelledError):
        await Operator(settings, await load_configuration(), heed_signals).run()


def main() -> int:
    """Start the operator and return the exit code of the process."""
    parser = argparse.ArgumentParser(prog="python -m gridfold_operator", description="The operator of Gridfold.")
    parser.add_argument("--settings", help="YAML file; default: what the variable GRIDFOLD_SETTINGS names")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logging.basicConfig(level=settings.log_level, stream=sys.stderr)
    make_visible("%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kopf").setLevel("WARNING")
    for name in ("orchestration", "running"):  # what ends a watch is raised, and told in words, by whoever started it
        logging.getLogger(f"kopf._core.reactor.{name}").setLevel("CRITICAL")
    try:
        asyncio.run(_main(settings))
    except NoClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ClusterError as error:
        LOG.critical("the operator ends, to be started again: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
