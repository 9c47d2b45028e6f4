"""The run-time type checker of the tests: shapes and types, a whole number counting as a float."""

import typer
from beartype import BeartypeConf, FrozenDict, beartype

_CONTEXT = typer.Context.__base__
"""What typer hands to a command that asks for its own subclass of it."""

check = beartype(
    conf=BeartypeConf(is_pep484_tower=True, hint_overrides=FrozenDict({typer.Context: _CONTEXT}))
)
