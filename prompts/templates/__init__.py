"""Templates: how they are filled, the built-in ones, and those of persons and teams."""
