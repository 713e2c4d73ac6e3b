"""From sources to a prepared data set: read, clean, type, store."""
