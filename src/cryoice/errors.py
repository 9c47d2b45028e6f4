"""The one exception that a face shows to its user as a single line."""


class InputError(Exception):
    """What the user gave cannot be used: names the file or key, the fault and the remedy."""
