"""The command line: ``rapporteur up | doctor | models | import | stream | tail | replay``."""

import os
import sys
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts import service
from contracts.errors import Fault
from deploy import models, pull, talk
from deploy import settings as deploy_settings
from deploy.bring import import_
from deploy.doctor import doctor
from deploy.onebox import OneBox, wanted_models
from deploy.terminal import own_terminal

VERSION = "0.1.0"


class Lines(click.Group):
    """A group whose Faults become one line each and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; only bugs leave a traceback."""
        try:
            return super().invoke(ctx)
        except* Fault as group:
            for fault in _leaves(group):
                click.echo(f"error: {fault}", err=True)
        return ctx.exit(service.EXIT_FAULT)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    nested = [_leaves(e) if isinstance(e, BaseExceptionGroup) else [e] for e in group.exceptions]
    return [leaf for part in nested for leaf in part]


@click.group(cls=Lines, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="rapporteur")
def main() -> None:
    """Live captions and notes with evidence, on your own machine."""


@main.command()
def up() -> None:
    """Start everything on this machine; Ctrl-C stops it in order."""
    chosen = deploy_settings.load(os.environ)
    console = Console(stderr=True, highlight=False)

    def ready(url: str, link: str) -> None:
        console.print(f"\n  [bold]Rapporteur[/] is ready at [bold]{escape(url)}[/]", soft_wrap=True)
        console.print(f"  Sign in once with [bold underline]{escape(link)}[/]", soft_wrap=True)
        console.print(f"  [dim]Data: {escape(str(chosen.data))} · Stop: Ctrl-C[/]\n", soft_wrap=True)

    def tell(line: str) -> None:
        console.print(f"[yellow]•[/] {escape(line)}", soft_wrap=True)

    box = OneBox(chosen, os.environ, tell)
    with own_terminal(os.environ):
        code = service.run(lambda stop: box.run(stop, ready))
    if code == service.EXIT_OK:
        tell("Stopped; everything is stored.")
    sys.exit(code)


@main.group("models")
def models_group() -> None:
    """The model files: what is here, and fetching what is not."""


@models_group.command("list")
def models_list() -> None:
    """Show every model of the manifest and whether it is here."""
    root = deploy_settings.load(os.environ).models
    table = Table("model", "role", "size", "licence", "here", title=str(root))
    for model in models.read_manifest():
        here = "yes" if models.present(model, root) else "[dim]no[/]"
        size = f"{model.variant[0].size_bytes / 1e6:,.0f} MB"
        table.add_row(model.name, model.role, size, model.licence, here)
    Console().print(table)


@models_group.command("pull")
@click.argument("names", nargs=-1)
@click.option("--tests", is_flag=True, help="Also what only the tests use.")
def models_pull(names: tuple[str, ...], tests: bool) -> None:
    """Fetch NAMES, or what the settings need."""
    manifest = models.read_manifest()
    unknown = set(names) - {m.name for m in manifest}
    if unknown:
        raise click.UsageError(f"no model {', '.join(sorted(unknown))}; see rapporteur models list")
    wanted = [m for m in manifest if m.name in names] if names else wanted_models(os.environ, tests=tests)
    pull.pull(wanted, deploy_settings.load(os.environ).models)


for command in (doctor, import_, talk.stream, talk.tail, talk.replay):
    main.add_command(command)

if __name__ == "__main__":
    main()
