"""One trainer, its checkpoints and batches, and everything that is trained."""
