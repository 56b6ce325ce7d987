"""`forecall`: the composition root. Each group of commands is a file; what a command needs is imported when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from cli import (
    audit,
    backlog,
    calendar,
    comparison,
    data,
    demand,
    demo,
    effects,
    evaluate,
    evidence,
    exports,
    forecasts,
    import_volumes,
    keys,
    locks,
    operate,
    outlook,
    overrides,
    posts,
    privacy,
    queues,
    reasons,
    repeats,
    reports,
    scenario,
    sources,
    staffing,
    training,
    uploads,
    users,
)
from cli.console import CALL

PANELS = ["Start here", "Data", "Forecast", "Measure", "Posts", "Run", "Operate"]
INPUT, USAGE = (
    1,
    2,
)  # exit codes: what was given cannot be used; how it was asked, or the configuration, is wrong


class Grouped(typer.core.TyperGroup):
    """Shows the commands of the help in groups. Typer's own panels load a Markdown parser, which takes a second."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                title = panel if isinstance(panel, str) else "Commands"
                panels.setdefault(title, []).append((name, command.get_short_help_str(limit=90)))
        for title in sorted(panels, key=lambda one: PANELS.index(one) if one in PANELS else len(PANELS)):
            with formatter.section(title):
                formatter.write_dl(panels[title])


app = typer.Typer(
    name="forecall",
    cls=Grouped,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Forecasts customer contacts from history and from what people say in public.",
)


@app.callback()
def options(
    config: Annotated[
        Path | None, typer.Option(help="The configuration; else FORECALL_CONFIG, else ./config.yaml.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Options of every command."""
    CALL.config, CALL.debug = config, debug


for part in (
    demo,
    data,
    uploads,
    sources,
    calendar,
    queues,
    import_volumes,
    demand,
    reasons,
    forecasts,
    overrides,
    locks,
    exports,
    evidence,
    outlook,
    effects,
    repeats,
    reports,
    backlog,
    staffing,
    scenario,
    comparison,
    evaluate,
    posts,
    training,
    privacy,
    operate,
    keys,
    users,
    audit,
):
    part.register(app)


def main() -> None:
    """Run a command; an error becomes one sentence on stderr and an exit code."""
    try:
        app()
    except Exception as error:  # the edge: a sentence and an exit code, `--debug` shows it all
        if CALL.debug:
            raise
        typer.secho(_sentence(error), err=True, fg="red")
        sys.exit(_code(error))


def _sentence(error: Exception) -> str:
    from forecast.errors import ForecallError

    if isinstance(error, ForecallError):
        return f"Error: {error}"
    if isinstance(error, OSError) and error.filename:
        return f"Error: {error.filename}: {error.strerror}."
    return f"Error: something unexpected went wrong ({type(error).__name__}: {error}). See it with forecall --debug."


def _code(error: Exception) -> int:
    from forecast.errors import ConfigError

    return USAGE if isinstance(error, ConfigError) else INPUT


if __name__ == "__main__":
    main()
