"""The command line: the same resource, the same loop and the same trainer as in the cluster, on one machine."""
