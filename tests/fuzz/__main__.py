"""Everything that comes from outside, by chance: `make fuzz N=20000 SEED=7`.

Each kind gets as many examples; the slowest sets the pace.
"""

import argparse
import logging
import random
import sys
from typing import Protocol

import structlog
from rich.console import Console
from tests.fuzz.answer_fuzzer import fuzz_answers
from tests.fuzz.event_fuzzer import fuzz_events
from tests.fuzz.markdown_fuzzer import fuzz_markdown
from tests.fuzz.webhook_fuzzer import fuzz_webhooks


class Fuzzer(Protocol):
    """Plays so many examples, as a seed decides; raises when one breaks a promise."""

    def __call__(self, *, examples: int, seed: int) -> None: ...


FUZZERS: dict[str, Fuzzer] = {
    "texts read as answers to questions": fuzz_answers,
    "documents written for WhatsApp": fuzz_markdown,
    "posts of a bridge": fuzz_events,
    "webhooks of the Cloud API": fuzz_webhooks,
}


def main() -> int:
    """Play as many as asked; the exit code is 0 when every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    examples, seed = int(asked.examples), int(asked.seed)
    console = Console()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console.print(f"make fuzz N={examples} SEED={seed}")
    broken = [what for what, fuzz in FUZZERS.items() if not _holds(console, what, fuzz, examples, seed)]
    return int(bool(broken))


def _holds(console: Console, what: str, fuzz: Fuzzer, examples: int, seed: int) -> bool:
    try:
        with console.status(f"{examples} {what}"):
            fuzz(examples=examples, seed=seed)
    except Exception as broken:
        console.print(f"Broken by {what}: {type(broken).__name__}: {broken}", style="red", markup=False)
        console.print("\n".join(getattr(broken, "__notes__", ())), markup=False)
        return False
    console.print(f"{examples} {what}: every promise held.", style="green")
    return True


if __name__ == "__main__":
    sys.exit(main())
