"""The port Capacity on Kubernetes: who holds which nodes is recorded in Leases; a module for each kind of provider."""
