"""Cross-lingual late-interaction retrieval: data, encoders, transport distillation, search, gap."""
