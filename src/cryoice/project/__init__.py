"""A microscopist's project on disk: many micrographs, coordinate files, lists; what the commands do."""
