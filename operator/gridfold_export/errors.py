"""Why there is no script."""


class NoScriptError(Exception):
    """No script could read the sources of the job; the message says what to write."""
