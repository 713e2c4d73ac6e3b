"""The functional core: from what is observed to what is to be done. Pure, and without any library but pydantic."""
