"""Train and evaluate a network: ``python train.py model=deep patch=128``.

A patch classifier by default, with ``experiment=detector`` the class of every pixel.
"""

import hydra
from omegaconf import DictConfig

from cryoice.experiment.command_line import one_line_composition, one_line_errors
from cryoice.experiment.sweep_job import settled_job
from cryoice.experiment.sweep_program import sweep_goes_on
from cryoice.schema import register

register()


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> float:
    """Run one training and return the monitored metric's best value."""
    with one_line_errors(), settled_job() as value:
        if value is not None:
            return value
        from cryoice.experiment.run import train

        return train(config)


if __name__ == "__main__":
    with one_line_composition(), sweep_goes_on():
        main()
