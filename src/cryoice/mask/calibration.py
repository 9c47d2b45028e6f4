"""What turns a network's logits into probabilities that come true as often as they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from cryoice.errors import InputError

KEY = "calibration"
"""Key of a weights file's facts."""

TEMPERATURES, BIASES = (0.01, 100.0), (-100.0, 100.0)
"""Ranges beyond which the softmax is one class or none, or overflows."""


@dataclass(frozen=True)
class Calibration:
    """Temperature and bias per class.

    Between temperature and vector scaling of Guo et al. 2017 (arXiv:1706.04599).

    Attributes
    ----------
    temperature
        Divides all logits; above 0.
    bias
        Is added to the logits after that; one per class.
    """

    temperature: float
    bias: tuple[float, ...]

    @classmethod
    def read(cls, facts: Mapping[str, Any], *, classes: int, path: Path) -> "Calibration | None":
        """Take what a file's facts say of it; None: nothing, the logits stand as they are.

        Raises
        ------
        InputError
            A value is no number or out of its range, or there is not one bias per class.
        """
        given = facts.get(KEY)
        if given is None:
            return None
        remedy = "give a file that cryoice wrote"
        if not isinstance(given, Mapping) or not {"temperature", "bias"} <= given.keys():
            raise InputError(f"{path}: its {KEY} is no table of temperature and bias; {remedy}")
        temperature, bias = given["temperature"], given["bias"]
        if not _within(temperature, TEMPERATURES):
            raise InputError(
                f"{path}: the temperature of its {KEY} must be a number from 0.01 to 100; {remedy}"
            )
        if not (isinstance(bias, list) and len(bias) == classes and all(_within(b, BIASES) for b in bias)):
            raise InputError(
                f"{path}: the bias of its {KEY} must be {classes} numbers from -100 to 100, "
                f"one per class; {remedy}"
            )
        return cls(float(temperature), tuple(map(float, bias)))

    def applied(self, logits: Float[Tensor, "batch classes *rest"]) -> Float[Tensor, "batch classes *rest"]:
        """Return ``logits / temperature + bias``."""
        bias = logits.new_tensor(self.bias)
        return logits / self.temperature + bias.reshape(-1, *[1] * (logits.ndim - 2))


def _within(value: Any, ends: tuple[float, float]) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and ends[0] <= value <= ends[1]  # as it is: an integer may be too long for a float
