"""Rows -> what a page shows: words, tones, links. They get rows with what belongs to them; what all of a page's rows share
(the pool's state, usual times, prices) they ask of `generation`, once.
"""
