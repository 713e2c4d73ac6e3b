"""The end of what a process writes, kept while all of it is passed on as it comes."""

import contextlib
import os
import selectors
import threading

#: Of stdout and stderr together.
KEPT_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_JOIN_SECONDS = 10.0


class Tail:
    """Stands between a child's stdout and stderr and this process' own."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        """Make the pipes; nothing runs before `follow`."""
        self._kept_bytes = kept_bytes
        self._kept = bytearray()
        self._pipes = {target: os.pipe() for target in (1, 2)}
        self._thread = threading.Thread(target=self._pass_on, daemon=True)

    def redirect(self) -> None:
        """Let this process, the child, write into the pipes."""
        for target, (reader, writer) in self._pipes.items():
            os.dup2(writer, target)
            os.close(reader)
            os.close(writer)

    def follow(self) -> None:
        """Pass on what comes, in a thread of this process, the parent; it must not fork until `finish`."""
        for _, writer in self._pipes.values():
            os.close(writer)
        self._thread.start()

    def finish(self) -> bytes | None:
        """Return the end of what the child wrote; None where something that it started still writes."""
        self._thread.join(_JOIN_SECONDS)
        return None if self._thread.is_alive() else bytes(self._kept)

    def _pass_on(self) -> None:
        with selectors.DefaultSelector() as selector:
            for target, (reader, _) in self._pipes.items():
                selector.register(reader, selectors.EVENT_READ, target)
            while selector.get_map():
                for key, _ in selector.select():
                    content = os.read(key.fd, _READ_BYTES)
                    if not content:
                        selector.unregister(key.fd)
                        os.close(key.fd)
                        continue
                    self._keep(content)
                    _write(key.data, content)

    def _keep(self, content: bytes) -> None:
        self._kept += content
        del self._kept[: -self._kept_bytes]


def _write(target: int, content: bytes) -> None:
    with contextlib.suppress(OSError):  # a log that nobody takes must not stop the work
        while content:
            content = content[os.write(target, content) :]
