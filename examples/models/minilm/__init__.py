"""A sentence embedding model, built on demand from published weights."""
