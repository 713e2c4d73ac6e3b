"""Kubernetes behind the ports Cluster and EventRecorder: raw JSON over HTTP, projected where it arrives."""
