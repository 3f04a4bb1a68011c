"""What readers of a meeting get: a snapshot, then every change, and the open words."""
