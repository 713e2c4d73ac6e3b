"""One machine in the place of a cluster: a stage is a task here, and a pod is a process of the trainer."""
