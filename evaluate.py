"""Evaluate a checkpoint on its test micrographs: ``python evaluate.py ckpt=last``."""

import hydra
from omegaconf import DictConfig

from cryoice.schema import register

register()


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(config: DictConfig) -> None:
    """Score one checkpoint and write its figures."""
    from cryoice.experiment.run import evaluate, one_line_errors

    with one_line_errors():
        evaluate(config)


if __name__ == "__main__":
    main()
