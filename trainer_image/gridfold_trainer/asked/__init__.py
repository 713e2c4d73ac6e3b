"""Questions of commands about what a job has left: a module for each, one JSON document as the answer."""
