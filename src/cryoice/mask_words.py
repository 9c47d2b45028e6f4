"""The words of a ``cryoice mask`` command, for shards to be started and for lost ones to be run again."""

from dataclasses import dataclass, replace
from pathlib import Path
from shlex import join, quote

import typer

from cryoice.files.atomic import replacing
from cryoice.files.recorded_outputs import RECORDS_FOLDER

_WAYS = ("shard", "merge", "cluster", "shards", "slurm")
"""Flags that say which way is gone, and nothing of what is done."""

_TOLD = 1000
"""Characters of a command that is shown as a whole."""


@dataclass(frozen=True)
class Command:
    """The command as it was typed, less the flags of its way; defaults are not in it.

    Attributes
    ----------
    words
        Behind ``cryoice mask``.
    script
        File that runs it, where there are too many words to show.
    """

    words: tuple[str, ...]
    script: Path | None = None

    @classmethod
    def of(cls, context: typer.Context) -> "Command":
        """Read what was typed out of a command's context."""
        words: list[str] = []
        for parameter in context.command.params:
            name = parameter.name or ""
            source = context.get_parameter_source(name)
            if name in _WAYS or source is None or source.name != "COMMANDLINE":
                continue
            value = context.params[name]
            if parameter.param_type_name == "argument":
                words += map(str, value)
            elif isinstance(value, bool):
                words.append((parameter.opts if value else parameter.secondary_opts)[0])
            else:
                words += [parameter.opts[0], str(value)]
        return cls(tuple(words))

    def plus(self, *words: str) -> list[str]:
        """Return the words of a command of its own."""
        return ["mask", *self.words, *words]

    def told(self, *words: str) -> str:
        """Return it as a user types it."""
        again = ["cryoice", "mask", *self.words] if self.script is None else ["bash", str(self.script)]
        return join([*again, *words])

    def kept(self, output: Path) -> "Command":
        """Return one that is told in a line: one of very many words is kept as a script among the records.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        if len(join(self.words)) <= _TOLD:
            return self
        path = (output / RECORDS_FOLDER / "again.sh").absolute()
        with replacing(path) as scratch:
            scratch.write_text(f'cd {quote(str(Path.cwd()))} && exec {self.told()} "$@"\n', encoding="utf-8")
        return replace(self, script=path)
