"""Every number: estimators, splits, folds, scores, and how sure they are."""
