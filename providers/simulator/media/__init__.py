"""The videos that the simulator hands out: what to show, painting, encoding, keeping, serving."""
