"""Priors: what a setting may be is declared beside it and checked before anything is drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields
from math import isfinite
from typing import Any, TypeVar

from cryoice.errors import InputError

Section = TypeVar("Section")
_Check = Callable[[str, Any], Any]


def number(low: float, high: float) -> Any:
    """Field that holds one number from ``low`` to ``high``."""
    return _checked(lambda key, value: _number(key, value, low, high))


def share() -> Any:
    """Field that holds a share or probability, 0 to 1."""
    return number(0.0, 1.0)


def whole(low: int) -> Any:
    """Field that holds a whole number of at least ``low``."""
    return _checked(lambda key, value: _whole(key, value, low))


def interval(low: float, high: float) -> Any:
    """Field that holds the two ends of a distribution, each from ``low`` to ``high``."""
    return _checked(lambda key, value: _rising(key, value, lambda end: _number(key, end, low, high)))


def counts(low: int) -> Any:
    """Field that holds the smallest and the largest of a drawn number, at least ``low``."""
    return _checked(lambda key, value: _rising(key, value, lambda end: _whole(key, end, low)))


def pair(low: int) -> Any:
    """Field that holds two whole numbers of at least ``low``, in any order."""
    return _checked(lambda key, value: tuple(_whole(key, item, low) for item in _listed(key, value, 2)))


def numbers(low: float, high: float) -> Any:
    """Field that holds one or more numbers to draw from, each from ``low`` to ``high``."""
    return _checked(
        lambda key, value: tuple(_number(key, item, low, high) for item in _listed(key, value, None))
    )


def names(check: Callable[[str], str | None]) -> Any:
    """Field that holds one or more different names; ``check`` tells what is wrong with one."""
    return _checked(lambda key, value: _names(key, value, check))


def parse(cls: type[Section], values: Any, *, key: str) -> Section:
    """Check plain configuration values against the fields of a dataclass.

    A field without a check of its own is a dataclass: a group of settings below this one.

    Raises
    ------
    InputError
        A key is missing, unknown or out of its range; the message names it below ``key``.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{key}: {values} is not a group of settings; write key: value lines below it")
    checks = {item.name: item.metadata.get("check") or _group(item.type) for item in fields(cls)}  # type: ignore[arg-type]
    for name in values:
        if name not in checks:
            raise InputError(f"{key}.{name}: is unknown; use one of {', '.join(checks)}")
    for name in checks:
        if name not in values:
            raise InputError(f"{key}.{name}: is missing; set it as in the preset 'default'")
    return cls(**{name: check(f"{key}.{name}", values[name]) for name, check in checks.items()})


def _group(cls: Any) -> _Check:
    return lambda key, values: parse(cls, values, key=key)


def _checked(check: _Check) -> Any:
    return field(metadata={"check": check})


def _listed(key: str, value: Any, length: int | None) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or not value or length not in (None, len(value)):
        wanted = f"of {length} values; write [a, b]" if length else "; write [a, b, ...]"
        raise InputError(f"{key}: {value} is not a list {wanted}".replace(" ;", ";"))
    return value


def _rising(key: str, value: Any, check: Callable[[Any], Any]) -> tuple[Any, Any]:
    first, last = (check(end) for end in _listed(key, value, 2))
    if first > last:
        raise InputError(f"{key}: {value} must rise, lower end first")
    return first, last


def _whole(key: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise InputError(f"{key}: {value} must be a whole number of at least {low}")
    return value


def _number(key: str, value: Any, low: float, high: float) -> float:
    real = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not real or not low <= value <= high:
        raise InputError(f"{key}: {value} must be a number from {low:g} to {high:g}")
    return float(value)


def _names(key: str, value: Any, check: Callable[[str], str | None]) -> tuple[str, ...]:
    found = tuple(str(name) for name in _listed(key, value, None))
    for name in found:
        if fault := check(name):
            raise InputError(f"{key}: {name} {fault}")
    if len(set(found)) < len(found):
        raise InputError(f"{key}: names one twice")
    return found
