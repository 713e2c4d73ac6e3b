"""What the platform lets the jobs of a namespace do: settings, who they count for, and the check of a spec. Pure."""
