"""Scripts that measure; run from the repository's root."""
