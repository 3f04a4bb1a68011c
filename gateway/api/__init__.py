"""What a person can ask over HTTP."""
