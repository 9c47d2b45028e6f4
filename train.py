"""Train and evaluate a patch classifier: ``python train.py model=deep patch=128``."""

import hydra
from omegaconf import DictConfig

from cryoice.schema import register

register()


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Run one training and return the monitored metric's best value."""
    from cryoice.experiment.run import one_line_errors, train

    with one_line_errors():
        return train(config)


if __name__ == "__main__":
    main()
