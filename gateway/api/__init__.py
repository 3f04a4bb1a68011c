"""The HTTP API, the sockets' entrances, and the pages."""
