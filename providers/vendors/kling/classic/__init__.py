"""Kling's classic API, also as gateways resell it."""
