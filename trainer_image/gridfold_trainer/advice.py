"""Advice that fits where it is said: in a pod of a cluster, or on somebody's own machine."""

import os

from gridfold.api.handoff import BASE_FOLDER_VARIABLE

#: What a user of `gridfold run` can do where the memory is too small.
LESS_MEMORY = "run fewer cells at a time (spec.execution.parallelism: 1), use less data, or a machine with more memory"
MORE_MEMORY = "raise spec.execution.resources.limits.memory, or use less data"


def on_laptop() -> bool:
    """Tell whether this process was started by a command line and not in a pod."""
    return bool(os.environ.get(BASE_FOLDER_VARIABLE))


def here(*, cluster: str, laptop: str) -> str:
    """Return the words that help where this process runs."""
    return laptop if on_laptop() else cluster


def more_memory() -> str:
    """Return what to do where the memory ran out."""
    return here(cluster=MORE_MEMORY, laptop=LESS_MEMORY)


def same_versions() -> str:
    """Return what to do where a stage has other versions than an earlier one, as the end of a sentence."""
    return here(
        cluster="all stages of a job must run the same trainer image",
        laptop="something was installed or removed since the run began, so run the job again",
    )
