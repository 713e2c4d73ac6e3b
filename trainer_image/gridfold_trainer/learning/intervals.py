"""95 % intervals of the test scores: the percentile bootstrap over the rows of the test part."""

import warnings

import numpy as np

from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import Scorer

RESAMPLES = 1000
PERCENTILES = (2.5, 97.5)

Intervals = dict[str, tuple[float, float]]


def bootstrap(scorer: Scorer, truth: np.ndarray, responses: Responses, seed: int) -> Intervals:
    """Return low and high end for each metric that the responses were scored with before.

    The draws are the rows of `default_rng(seed).integers(0, n, (1000, n))`, made one at a time: at 100,000 rows the
    whole matrix takes 800 MB. A draw on which a metric has no value (ROC AUC of one class) is left out of its
    percentiles; a metric that has none on any draw gets no interval.
    """
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {metric: [] for metric in scorer.metrics}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about draws without a class, a thousand times
        for _ in range(RESAMPLES):
            rows = generator.integers(0, len(truth), len(truth))
            for metric, score in scorer.measure(truth[rows], responses.at(rows)).values.items():
                if score is not None:
                    drawn[metric].append(score)
    return {metric: _ends(scores) for metric, scores in drawn.items() if scores}


def _ends(scores: list[float]) -> tuple[float, float]:
    low, high = np.percentile(scores, PERCENTILES)
    return float(low), float(high)
