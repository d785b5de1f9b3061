"""`cleo`, with a third backend."""

from tests.support.memory_backend import SPEC

from cleo.channels.whatsapp import BACKENDS


def main() -> None:
    BACKENDS["memory"] = SPEC
    from cleo.app.cli import main as cleo

    cleo()


if __name__ == "__main__":
    main()
