"""Kling's new API: the model in the path, every task asked about under /tasks."""
