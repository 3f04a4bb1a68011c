"""Stream workers: one engine, one pipeline per leased track."""
