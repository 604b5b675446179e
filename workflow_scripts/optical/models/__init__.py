"""Encoders, tokenizers, embedding and export."""
