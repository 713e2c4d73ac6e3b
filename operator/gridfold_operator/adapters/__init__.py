"""What stands behind the ports: one package or module per outside system, none of which knows another."""
