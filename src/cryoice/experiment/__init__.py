"""One run from its config to its figures: where all other rooms meet."""
