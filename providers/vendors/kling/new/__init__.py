"""Kling's new API: the model in the path, every task polled under /tasks."""
