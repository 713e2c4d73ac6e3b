"""Nodes for a job: which are needed, how many are asked for, and when they are handed back. Pure."""
