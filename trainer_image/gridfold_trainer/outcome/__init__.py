"""What a run comes to: all cells ranked, the winner's last fits, the files that are left."""
