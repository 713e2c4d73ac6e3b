"""The loop: observe, decide, apply. The same in the cluster and on a laptop; what differs comes in through ports."""
