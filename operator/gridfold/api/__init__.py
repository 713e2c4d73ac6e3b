"""The public contract: the TrainingJob resource, and what operator and pods hand to each other."""
