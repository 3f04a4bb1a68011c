"""What two or more services must agree on to talk or to start, and nothing else."""
