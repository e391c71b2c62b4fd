"""Turn rows into what a page shows: text, tones, links. They get rows with their related rows; what all rows of a page share (the
pool's state, usual times, prices) they ask `generation` for, once.
"""
