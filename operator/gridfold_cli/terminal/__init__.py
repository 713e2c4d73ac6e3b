"""What people see: a run while it goes on, and what it has found."""
