"""What is measured, around those who do the work, who know nothing of it. No label grows with jobs."""
