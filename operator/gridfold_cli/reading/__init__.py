"""From a file to a TrainingJob, as kubectl and the API server read it; problems with their lines."""
