"""What `make` calls: run, test, demo, lint."""
