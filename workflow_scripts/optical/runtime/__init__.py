"""Files, locks, downloads, GPUs, processes and provenance."""
