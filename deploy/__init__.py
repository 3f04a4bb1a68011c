"""Starting, stopping and using Rapporteur from a shell."""
