"""Cells of the grid: what each of them is, how it is judged, and what it leaves in object storage."""
