"""Token vectors, the indexes over them, and lexical search."""
