"""Rules about what may be done where."""

import ast
import itertools
import re
from dataclasses import fields

from tests.house.tree import attributes, calls, found, imports, named, short, syntax

from cleo.channels.whatsapp import BACKENDS
from cleo.ports import Capabilities, ChoiceLimits, FileLimit, TypingIndicator

ENVIRONMENT = ("os.environ", "os.getenv")
WALL_CLOCK = {
    "time.time",
    "time.time_ns",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "datetime.date.today",
}


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        f"{short(path)}:{line}"
        for path in itertools.chain(named(".py", below="src"), named(".py", below="cloud-simulator/src"))
        if short(path) != "src/cleo/app/settings.py"
        for line, name in attributes(syntax(path))
        if name.startswith(ENVIRONMENT)
    }
    assert readers == set()


def test_only_config_reads_the_environment_of_bridge_and_simulator() -> None:
    sources = [*named(".ts", below="whatsapp-bridge/src"), *named(".ts", below="whatsapp-simulator/src")]
    assert found(r"process\.env", (path for path in sources if path.name != "config.ts")) == []


def test_no_certificate_is_taken_unchecked() -> None:
    unchecked = (
        r"(verify|check_hostname)\s*=\s*False|CERT_NONE|rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT"
    )
    programs = (named(".py", ".ts", below=below) for below in ("src", "whatsapp-bridge/src"))
    assert found(unchecked, itertools.chain(*programs)) == []


def test_cleo_and_the_cloud_simulator_import_nothing_of_each_other() -> None:
    """They are two programs that meet over HTTP alone. Tests of Cleo may use the simulator in process."""
    apart = (("src/cleo", {"cloud_simulator"}), ("cloud-simulator", {"cleo", "tests"}))
    crossing = [
        f"{short(path)}: {module}"
        for below, others in apart
        for path in named(".py", below=below)
        for module in imports(syntax(path))
        if module.partition(".")[0] in others
    ]
    assert crossing == []


def test_time_comes_from_a_clock() -> None:
    free = ("src/cleo/app/", "src/cleo/store/clock.py")
    readers = {
        f"{short(path)}:{line}: {name}"
        for path in named(".py", below="src")
        if not short(path).startswith(free)
        for line, name in calls(syntax(path))
        if name in WALL_CLOCK
    }
    assert readers == set()


def test_sql_is_spoken_only_in_the_store() -> None:
    sql = r"^\s*(import|from) (sqlite3|sqlalchemy|alembic)\b|\b(SELECT|DELETE) .* FROM \b|\bINSERT INTO\b"
    outside = (path for path in named(".py", below="src") if "src/cleo/store/" not in path.as_posix())
    assert found(sql, outside) == []


def test_nothing_is_printed_but_by_the_commands() -> None:
    talking = ("src/cleo/app/cli/", "src/cleo/app/demo/")
    silent = (path for path in named(".py", below="src") if not short(path).startswith(talking))
    spoken = {
        f"{short(path)}:{line}: {name}"
        for path in silent
        for line, name in calls(syntax(path))
        if name in {"print", "sys.stdout.write", "sys.stderr.write"}
    }
    assert spoken == set()


def test_the_agent_runs_its_own_loop() -> None:
    """Messages, models and tool schemas are the library's; what happens between two requests is decided here."""
    graph = {"Agent", "RunContext", "DeferredToolRequests", "DeferredToolResults", "capabilities"}
    used = {
        (short(path), name)
        for path in named(".py", below="src")
        for name in re.findall(r"\b\w+\b", "\n".join(_imports_of_the_library(path.read_text())))
        if name in graph
    }
    in_a_signature = {each for each in used if each[1] == "RunContext" and "/models/" in each[0]}
    assert used - in_a_signature == set()


def _imports_of_the_library(text: str) -> list[str]:
    return re.findall(r"(?:from|import) pydantic_ai[^(\n]*(?:\([^)]*\))?", text)


def test_the_app_names_no_backend() -> None:
    """It finds them in the registry; what differs between them is in their `SPEC`."""
    named_in_app = {
        f"{short(path)}:{node.lineno}: {node.value}"
        for path in named(".py", below="src/cleo/app")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant) and node.value in BACKENDS
    }
    assert named_in_app == set()


def test_every_capability_decides_something() -> None:
    """A field that nothing reads promises what nobody keeps."""
    read = {
        name.rpartition(".")[2]
        for path in named(".py", below="src/cleo")
        if short(path) != "src/cleo/ports/capabilities.py"
        for _, name in attributes(syntax(path))
    }
    kinds = (Capabilities, ChoiceLimits, FileLimit, TypingIndicator)
    assert {each.name for kind in kinds for each in fields(kind)} - read == set()
