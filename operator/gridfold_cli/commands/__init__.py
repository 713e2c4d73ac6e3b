"""`gridfold`: one file for each command."""
