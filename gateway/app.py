"""The composition root of the gateway."""
