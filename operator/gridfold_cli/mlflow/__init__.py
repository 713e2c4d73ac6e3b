"""A run as MLflow has runs, over the REST interface of an MLflow server; MLflow itself is not needed here."""
