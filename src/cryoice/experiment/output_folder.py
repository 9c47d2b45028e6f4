"""A run whose folder cannot be written ends with one line, before Hydra tries to make the folder."""

import os
import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback


class OutputFolder(Callback):
    """Makes the run's or the sweep's folder, or ends the program with the reason."""

    def on_run_start(self, config: Any, **kwargs: Any) -> None:
        """Check ``hydra.run.dir``."""
        require_writable(Path(config.hydra.run.dir), key="hydra.run.dir")

    def on_multirun_start(self, config: Any, **kwargs: Any) -> None:
        """Check ``hydra.sweep.dir``."""
        require_writable(Path(config.hydra.sweep.dir), key="hydra.sweep.dir")


def require_writable(folder: Path, *, key: str) -> None:
    """End the program with exit status 1 and one line where ``folder`` cannot be made or written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"error: {key}={folder}: cannot be made ({error.strerror}); choose another folder")
    if not os.access(folder, os.W_OK):
        sys.exit(f"error: {key}={folder}: cannot be written; choose another folder")
