"""TREC files, scores, and the gap with its intervals."""
