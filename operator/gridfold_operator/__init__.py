"""The operator: the shell in the cluster around `gridfold.engine`.

Only this package talks to Kubernetes. It makes no decision about a job: those are `gridfold.domain`'s.
"""
