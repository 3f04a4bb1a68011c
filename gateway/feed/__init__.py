"""Ways out for what happens in a meeting."""
