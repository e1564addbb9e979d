"""Text into vectors: one backend a file, each implements TextEmbedding."""
