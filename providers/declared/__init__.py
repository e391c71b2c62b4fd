"""Models that administrators declare without code, at vendors behind which anything may be: rows, form, and how all read them."""
