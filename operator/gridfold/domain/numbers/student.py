"""Student's t distribution without scipy: for whole degrees of freedom it has a closed form."""

import math


def two_sided(t: float, degrees: int) -> float:
    """Return the probability of a |t| at least as large, for at least one degree of freedom.

    Abramowitz and Stegun 1964, 26.7.3 and 26.7.4, with θ = atan(|t| / √ν). The absolute error is some 1e-15, so
    probabilities below that are 0.
    """
    theta = math.atan(abs(t) / math.sqrt(degrees))
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    for factor in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (factor - 1) / factor
        total += term
    if not odd:
        return max(0.0, 1 - sine * total)
    series = sine * total if degrees > 1 else 0.0
    return max(0.0, 1 - 2 / math.pi * (theta + series))


def critical(probability: float, degrees: int) -> float:
    """Return the t that |t| exceeds with this probability, for at least one degree of freedom: ends of intervals.

    `two_sided` falls steadily from 1, so halving finds it, to the last bit that there is.
    """
    low, high = 0.0, 1.0
    while two_sided(high, degrees) > probability:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if two_sided(middle, degrees) > probability else (low, middle)
    return high
