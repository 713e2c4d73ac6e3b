"""Which jobs have ended and are as they were then: nothing is asked about them until somebody changes them."""

from collections.abc import Mapping

from gridfold.engine.ports import JobKey


class Rest:
    """Remembers the versions in which TrainingJobs have ended."""

    def __init__(self) -> None:
        self._versions: dict[JobKey, str] = {}
        self._complete: dict[str, bool] = {}  #: by namespace: whether all its jobs were at rest when last listed

    def note(self, key: JobKey, version: str) -> None:
        """Note that a job has ended, and which version of its resource says so."""
        self._versions[key] = version

    def restless(self, versions: Mapping[JobKey, str], namespace: str) -> list[JobKey]:
        """Return the jobs of a namespace ("" for all) that have not ended, or were changed since, and forget the gone.

        `versions` are all jobs of the namespace, as they are now.
        """
        for key in [key for key in self._versions if namespace in {"", key.namespace} and key not in versions]:
            del self._versions[key]
        found = [key for key, version in versions.items() if self._versions.get(key) != version]
        self._complete[namespace] = not found
        return found

    def is_complete(self, namespace: str) -> bool:
        """Tell whether all jobs of a namespace ("" for all) were at rest when they were last listed."""
        return self._complete.get(namespace, False)
