"""Groups of commands whose help says each command's sentence to its end."""

from __future__ import annotations

import click

_ANY = 10_000


class Group(click.Group):
    """A group that wraps what its commands are for, instead of cutting it off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first sentence of its help."""
        names = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
        rows = [(name, self.commands[name].get_short_help_str(_ANY)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
