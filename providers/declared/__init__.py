"""Models that administrators declare without code, at vendors that may have any model: rows, form, and the current models."""
