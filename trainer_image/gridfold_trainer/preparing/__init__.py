"""The steps of prepare: read, judge, store, report."""
