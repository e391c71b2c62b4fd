"""Rows -> what a page shows: words, tones, links. No queries of their own: they get rows with what belongs to them, and a `Line`."""
