"""`cleo migrate`: copy everything from the SQLite file to Postgres."""

import sys

from cleo.app.settings import load
from cleo.store import lock_data_dir, move


def run(*, source: str | None, target: str) -> None:
    """Copy it; raises `ConfigError` or `StoreError`, and then nothing was changed."""
    data = load().cleo_data
    with lock_data_dir(data):
        counts = move(source or f"sqlite:///{data.absolute() / 'cleo.db'}", target)
    for name, count in counts.items():
        if count:
            sys.stdout.write(f"  {count:>8} {name.replace('_', ' ')}\n")
    sys.stdout.write(
        "✓ Everything has arrived. The SQLite file stays as it was; Cleo does not use it any more once you set\n"
        f"  DATABASE_URL to that database. Files stay in {data / 'files'}: every process needs that directory.\n"
    )
