"""From a micrograph to a map of what is not vitreous ice, and coordinates against it: arrays in and out."""
