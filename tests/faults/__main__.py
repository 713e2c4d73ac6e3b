"""Play seeds of the fault matrix: `python -m tests.faults 17` tells one in full, `… 0 5000` plays many."""

import sys

from tests.faults.matrix import BrokenInvariantError, Run


def main(first: int, last: int) -> int:
    broken = 0
    for seed in range(first, last):
        run = Run.of(seed)
        try:
            run.play()
        except BrokenInvariantError as error:
            broken += 1
            print(error)
        else:
            if last == first + 1:
                print("\n".join(run.log))
    print(f"{last - first} runs, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(numbers[0], numbers[1] if numbers[1:] else numbers[0] + 1))
