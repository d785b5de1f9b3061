"""The command `cleo`. Each command imports what it needs when it runs, so that `cleo --help` is quick."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cleo.app.terminal.letters import say_in_its_letters
from cleo.channels.whatsapp import BACKENDS
from cleo.domain.errors import CleoError

app = typer.Typer(
    name="cleo",
    help="A self-hosted AI agent that people talk to on WhatsApp.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Phone = Annotated[
    str | None,
    typer.Option(help="Link by pairing code instead of QR: the number of the phone, such as +4915112345678."),
]
Script = Annotated[
    Path | None, typer.Option(help="Play this conversation and print the transcript.", dir_okay=False)
]

_DEMOS = [name for name, spec in BACKENDS.items() if spec.demo]


def _demo_backend(name: str) -> str:
    if name not in _DEMOS:
        raise ValueError(f"{name!r} is not one of {', '.join(map(repr, _DEMOS))}.")
    return name


Backend = Annotated[
    str,
    typer.Option(
        parser=_demo_backend,
        metavar=f"<{'|'.join(_DEMOS)}>",
        help="How Cleo reaches it: through the bridge, or a simulated Cloud API of Meta's.",
    ),
]


@app.command()
def up(phone: Phone = None) -> None:
    """Run Cleo, and its bridge unless WHATSAPP_BRIDGE_URL names another."""
    from cleo.app.cli.up import run

    run(phone=phone)


@app.command()
def api() -> None:
    """Take messages in, beside any number of others (needs Postgres)."""
    from cleo.app.cli.api import run

    run()


@app.command()
def worker() -> None:
    """Answer people, beside any number of others (needs Postgres)."""
    from cleo.app.cli.worker import run

    run()


@app.command()
def migrate(
    target: Annotated[
        str, typer.Option("--to", help="An empty database: postgresql://cleo:password@localhost/cleo")
    ],
    source: Annotated[
        str | None, typer.Option("--from", help="sqlite:////srv/cleo/cleo.db; else the one in CLEO_DATA.")
    ] = None,
) -> None:
    """Move everything from the SQLite file to Postgres. Stop Cleo first."""
    from cleo.app.cli.migrate import run

    run(source=source, target=target)


@app.command()
def demo(script: Script = None, backend: Backend = _DEMOS[0]) -> None:
    """Talk to Cleo on a simulated WhatsApp: no phone, no key, no network."""
    from cleo.app.cli.demo import run

    raise typer.Exit(run(script=script, backend=backend))


@app.command()
def link() -> None:
    """Show the code to link a phone with."""
    from cleo.app.cli.link import run

    run()


@app.command()
def claim() -> None:
    """Show how somebody becomes the owner, while nobody is."""
    from cleo.app.cli.claim import run

    run()


@app.command()
def status() -> None:
    """Tell how the running Cleo is doing."""
    from cleo.app.cli.status import run

    raise typer.Exit(run())


@app.command()
def doctor(
    message: Annotated[
        str | None, typer.Option(help="Ask Meta what became of this message (Cloud API): wamid.HBg…")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody outside of this machine, nor the model.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Find out what is missing or wrong, and how to mend it."""
    from cleo.app.cli.doctor import run

    raise typer.Exit(run(message=message, offline=offline, as_json=as_json))


@app.command()
def send(
    to: Annotated[str, typer.Argument(help="Whom: a phone number such as +4915112345678.")],
    text: Annotated[str, typer.Argument(help="What to say, in Markdown.")],
) -> None:
    """Send one message through the running bridge."""
    from cleo.app.cli.send import run

    run(to=to, text=text)


@app.command()
def outbox(
    limit: Annotated[int, typer.Option(help="How many of the newest messages.", min=1, max=1000)] = 20,
) -> None:
    """Tell what became of the messages that Cleo sent."""
    from cleo.app.cli.outbox import run

    raise typer.Exit(run(limit=limit))


access = typer.Typer(help="Tell who is answered; let people in, or keep them out.", no_args_is_help=True)
app.add_typer(access, name="access")
People = Annotated[list[str], typer.Argument(help="Whom: phone numbers such as +4915112345678, or …@lid.")]


@access.command("list")
def access_list() -> None:
    """Tell who is answered, and which unknown people wrote."""
    from cleo.app.cli.access import run

    run()


@access.command("allow")
def access_allow(people: People) -> None:
    """Answer somebody from now on, and what they wrote within the last day."""
    from cleo.app.cli.access import run

    run(people, "allowed")


@access.command("block")
def access_block(people: People) -> None:
    """Answer somebody no more, whatever CLEO_ALLOWED_USERS says."""
    from cleo.app.cli.access import run

    run(people, "blocked")


@access.command("revoke")
def access_revoke(people: People) -> None:
    """Take back what was decided: the settings count again."""
    from cleo.app.cli.access import run

    run(people, "none")


def main() -> None:
    """Run the command. What goes wrong on purpose is said in a sentence."""
    os.umask(0o077)  # what is made belongs to this user alone, whatever the machine's custom
    for stream in (sys.stdout, sys.stderr):
        say_in_its_letters(stream)
    try:
        app()
    except CleoError as error:
        sys.stderr.write(f"✗ {error}\n")
        sys.exit(1)
