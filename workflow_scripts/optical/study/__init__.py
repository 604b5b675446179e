"""A study: read, checked, its files and the paths of its results."""
