"""The composition root: `python -m gridfold_operator --settings FILE`."""

import argparse
import asyncio
import logging
import sys
from contextlib import suppress
from functools import partial

from gridfold_operator.adapters.kubernetes.client import load_configuration
from gridfold_operator.errors import ClusterError, NoClusterError
from gridfold_operator.log import begin_log
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
    begin_log()  # what is wrong with the settings is told in a line of the log, too
    try:
        settings = load_settings(arguments.settings)
    except SettingsError as error:
        LOG.critical("%s", error)
        return 2
    begin_log(settings.log_level, settings.log_format)
    logging.getLogger("kopf").setLevel("WARNING")
    for name in ("orchestration", "running"):  # what ends a watch is raised, and told in words, by whoever started it
        logging.getLogger(f"kopf._core.reactor.{name}").setLevel("CRITICAL")
    try:
        asyncio.run(_main(settings))
    except NoClusterError as error:
        LOG.critical("%s", error)
        return 2
    except ClusterError as error:
        LOG.critical("the operator ends, to be started again: %s", error)
        return 1
    except Exception:  # Python itself would tell it in many lines, and with all that is confidential in them
        LOG.critical("the operator ends by a fault of its own, to be started again", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
