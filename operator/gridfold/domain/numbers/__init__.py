"""Honest numbers of a finished search, from what is stored of it: parameters, fold scores, fit times.

Pure functions without numpy: refit calls them, and whoever renders old runs again. Greater scores are better
(losses have scikit-learn's neg_… names); NaN is "no score". Cells are named by their place in the list.
"""
