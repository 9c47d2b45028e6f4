"""The exceptions that a face shows to its user as a single line."""


class InputError(Exception):
    """What the user gave cannot be used: names the file or key, the fault and the remedy."""


class OutputError(InputError):
    """The system refused to write an output, such as on a full disk; what was read is not to blame."""
