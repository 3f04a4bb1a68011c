"""Sound from clients onto the bus."""
