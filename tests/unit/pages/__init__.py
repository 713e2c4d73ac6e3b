"""What pages for readers show: YAML, commands and Python, each judged by what it is meant for."""
