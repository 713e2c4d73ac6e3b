"""Play seeds of the fault matrix: `python -m tests.faults 17` tells one in full, `… 0 5000` plays many."""

import sys
from collections import Counter

from tests.faults.broken import BrokenInvariantError
from tests.faults.faults import FAULTS
from tests.faults.matrix import Run
from tests.faults.world import STEPS


def main(first: int, last: int) -> int:
    """Play the seeds; print what broke, and how often each fault was met at each step."""
    broken, met = 0, Counter[tuple[str, str]]()
    for seed in range(first, last):
        run = Run.of(seed)
        try:
            run.play()
        except BrokenInvariantError as error:
            broken += 1
            print(error)
        else:
            met.update(run.begun)
            if last == first + 1:
                print("\n".join(run.log))
    if last > first + 1:
        _print_table(met)
    print(f"{last - first} runs, {broken} broken")
    return 1 if broken else 0


def _print_table(met: Counter[tuple[str, str]]) -> None:
    """Print how many runs met a fault at a step and ended as they should."""
    width = max(len(fault.name) for fault in FAULTS)
    lines = [" ".join([*word.split(), ""][row][:7].rjust(7) for word in STEPS) for row in range(2)]
    print("\n".join(f"{'':{width}} {line}" for line in lines))
    for fault in FAULTS:
        print(f"{fault.name:{width}} " + " ".join(f"{met[fault.name, step]:7}" for step in STEPS))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(numbers[0], numbers[1] if numbers[1:] else numbers[0] + 1))
