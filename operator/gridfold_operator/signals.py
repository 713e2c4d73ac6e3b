"""What SIGTERM and SIGINT do."""

import asyncio
import signal
from typing import Any


def cancel_on_signals(task: asyncio.Task[Any]) -> None:
    """Have SIGTERM and SIGINT cancel a task, whoever has handled them before."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
