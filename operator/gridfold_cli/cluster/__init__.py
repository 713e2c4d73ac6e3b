"""TrainingJobs in a cluster: found as kubectl finds it, read and written through one small port.

Kubernetes' own client is imported by `kubeconfig` and `http_api` alone, and these by the commands that need a cluster.
"""
