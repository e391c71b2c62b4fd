"""Models whose images, videos and sounds go into one list, `input.media`."""
