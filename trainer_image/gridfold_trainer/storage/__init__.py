"""What a trainer reads from and writes to: object storage, files, the web."""
