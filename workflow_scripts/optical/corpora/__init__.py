"""Sources of text, a module each; `registry` lists them."""
