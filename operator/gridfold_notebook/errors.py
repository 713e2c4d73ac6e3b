"""What a search ends with when it has no result."""


class SearchFailedError(RuntimeError):
    """The job has ended without a model, or it cannot be run where it was to run."""
