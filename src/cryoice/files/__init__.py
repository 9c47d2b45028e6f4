"""Files in and out: the only room that touches mrcfile and starfile."""
