"""Ways in for sound."""
