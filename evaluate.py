"""Evaluate a checkpoint on its test micrographs: ``python evaluate.py ckpt=last``.

With ``data.root=DIR`` on all micrographs of that folder, which no training saw.
"""

import hydra
from omegaconf import DictConfig

from cryoice.experiment.command_line import one_line_composition, one_line_errors
from cryoice.schema import register

register()


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(config: DictConfig) -> None:
    """Score one checkpoint and write its figures."""
    with one_line_errors():
        from cryoice.experiment.evaluate import evaluate

        evaluate(config)


if __name__ == "__main__":
    with one_line_composition():
        main()
