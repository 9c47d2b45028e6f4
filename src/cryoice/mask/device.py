"""Where a network runs, and in what precision that place is fastest."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from cryoice.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device called ``auto`` (the fastest there is), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises
    ------
    InputError
        The name is none of these, or this machine has no such device.
    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _count(kind)))
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (name != kind and not (kind == "cuda" and number.isdecimal())):
        raise InputError(f"device '{name}': unknown; choose from auto, cpu, cuda, cuda:N, mps")
    if int(number or 0) >= _count(kind):
        raise InputError(f"device '{name}': this machine has {_count(kind)} of that kind; use auto or cpu")
    return torch.device(name)


def accelerator_of(name: str, *, devices: int) -> str:
    """Return what Lightning calls so many devices of the kind ``name``, as `choose_device` knows it.

    Raises
    ------
    InputError
        There are not so many, the name is one of a single device, or unknown.
    """
    if ":" in name and devices > 1:
        raise InputError(f"--device {name}: is a single one; give --device cuda with --devices {devices}")
    kind = choose_device(name).type
    if kind != "cpu" and devices > _count(kind):
        raise InputError(
            f"--devices: this machine has {_count(kind)} of '{kind}'; give no more, or --device cpu"
        )
    return {"cuda": "gpu"}.get(kind, kind)


def fast_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Return the context in which networks run: half precision where the device multiplies it faster.

    On a CPU with bfloat16 instructions it halves the time of our networks (1.7-2.0 times as fast on an
    AVX512-BF16 EPYC) and moves a trained one's probabilities by up to 0.005; elsewhere it is emulated and
    slower.
    """
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.float16)
    if device.type == "cpu" and _multiplies_bfloat16():
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return nullcontext()


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count()
    return int(torch.backends.mps.is_available()) if kind == "mps" else 1


def quick_precision(accelerator: str) -> str:
    """Return Lightning's ``bf16-mixed`` where bfloat16 is computed in hardware, else ``32-true``.

    A processor without such instructions takes several times as long in bfloat16.

    Parameters
    ----------
    accelerator
        As Lightning's trainer takes it: ``auto``, ``cpu``, ``gpu``, ``cuda`` or ``mps``.
    """
    if accelerator != "cpu" and torch.cuda.is_available():
        quick = torch.cuda.is_bf16_supported()
    else:
        mps = accelerator != "cpu" and torch.backends.mps.is_available()
        quick = not mps and _multiplies_bfloat16()
    return "bf16-mixed" if quick else "32-true"


def _multiplies_bfloat16() -> bool:
    read: Callable[[], Mapping[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)
    capabilities = read()  # none in the oldest torch that will do
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
