"""The trainer: what runs in a pod (on a laptop: in a process) to prepare the data, to judge a cell and to refit.

`python -m gridfold_trainer prepare|cell|refit --job job.json`. It reads object storage, computes, writes object
storage and tells its end by exit code and termination message; it never speaks to Kubernetes.
"""
