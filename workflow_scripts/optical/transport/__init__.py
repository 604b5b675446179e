"""Optimal transport between tokens, and the losses made of it; stands alone."""
