"""A meeting as a file: every writer is a pure function from a Report to bytes."""
