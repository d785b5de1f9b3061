"""Displays of the demo's chat: bubbles on a terminal, plain lines elsewhere."""

from collections.abc import Callable
from typing import TextIO

from rich.align import Align
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text
from typing_extensions import override

from cleo.app.demo.chat import Bubble, Screen

_WIDEST = 64


class Bubbles(Screen):
    """For a terminal. `aside` clears what is being typed before something is printed, `back` restores it."""

    def __init__(self, console: Console, *, aside: Callable[[], None], back: Callable[[], None]) -> None:
        self._console = console
        self._aside = aside
        self._back = back
        self._typing = False

    @override
    def bubble(self, bubble: Bubble) -> None:
        self._typing = False
        self._write(self._panel(bubble) if bubble.number else _aside(bubble))

    @override
    def typing(self, on: bool) -> None:
        if on and not self._typing:
            self._write(Text("  Cleo is typing …", style="dim italic"))
        self._typing = on

    def note(self, text: str, style: str = "dim") -> None:
        """Print something that is not part of the chat."""
        self._write(Text(text, style=style))

    def _panel(self, bubble: Bubble) -> RenderableType:
        title = f"{bubble.number} · {'you' if bubble.mine else 'Cleo'}"
        took = f"{bubble.took:.1f} s" if bubble.took is not None else None
        width = min(_WIDEST, max(20, self._console.width - 12))
        text = Text(bubble.text)
        fits = max([len(title) + 4, *(line.cell_len for line in text.split("\n"))]) + 4
        panel = Panel(
            text,
            title=title,
            title_align="left",
            subtitle=took,
            subtitle_align="right",
            width=min(width, max(fits, 16)),
            border_style="green" if bubble.mine else "blue",
        )
        return Align.right(panel) if bubble.mine else panel

    def _write(self, what: RenderableType) -> None:
        self._aside()
        self._console.print(what)
        self._back()


class Lines(Screen):
    """For pipes and scripts: a line a bubble."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    @override
    def bubble(self, bubble: Bubble) -> None:
        who = "you " if bubble.mine else "Cleo"
        number = f"{bubble.number:>3}" if bubble.number else "   "
        took = f"   ({bubble.took:.1f} s)" if bubble.took is not None else ""
        text = bubble.text.replace("\n", "\n           ")
        self._write(f"{number} {who} │ {text}{took}")

    @override
    def typing(self, on: bool) -> None:
        """Leave it out: a transcript has no time."""

    def note(self, text: str, style: str = "") -> None:
        """Print it."""
        self._write(text)

    def _write(self, line: str) -> None:
        self._to.write(f"{line}\n")
        self._to.flush()


def _aside(bubble: Bubble) -> RenderableType:
    text = Text(f"{'you' if bubble.mine else 'Cleo'}: {bubble.text}", style="dim")
    return Align.right(text) if bubble.mine else Text("  ") + text
