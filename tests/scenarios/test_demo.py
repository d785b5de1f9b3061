"""`cleo demo`: the first thing that anybody tries."""

import asyncio
import re
from pathlib import Path

import pytest
from tests.support.program import PATIENCE, until
from tests.support.system import CLEO, ROOT

from cleo.app.settings import passed_on


async def demo(*arguments: str, typed: str = "", **variables: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        CLEO,
        "demo",
        *arguments,
        env={**passed_on(), **variables},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(typed.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def alive(pid: str) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_the_shipped_script_plays_to_its_end(backend: str) -> None:
    script = str(ROOT / "docs/examples/demo.script")
    code, out, err = await demo("--backend", backend, "--script", script)
    assert code == 0, out + err
    assert re.search(r"Cleo │ ⏰ stretch", out)
    assert re.search(r"you  │ 👍 on \d+", out)
    assert re.search(r"Cleo │ Deleted", out)


@pytest.mark.only("cloud", reason="Only the Cloud API has buttons to press.")
async def test_buttons_of_the_cloud_api_are_shown_and_pressed(tmp_path: Path) -> None:
    script = tmp_path / "buttons.script"
    deleting = "> delete the note about milk\nwait \\[👍 Do it\\] \\[👎 Don't\\]\n"
    script.write_text(
        f"> note: milk\nwait kept\n{deleting}press don't\nwait did not\n{deleting}press 1\nwait Deleted\n"
    )
    code, out, err = await demo("--backend", "cloud", "--script", str(script))
    assert code == 0, out + err
    assert re.search(r"you  │ ↩ 4  \[👎 Don't\]", out)
    assert re.search(r"you  │ ↩ 8  \[👍 Do it\]", out)


@pytest.mark.only("baileys", reason="A script is read the same way on both.")
async def test_a_script_that_waits_in_vain_says_where(tmp_path: Path) -> None:
    script = tmp_path / "vain.script"
    script.write_text("# comment\n\n> what is 6 * 7?\nwait 42\nwithin 1s the moon\n")
    code, out, err = await demo("--script", str(script))
    assert code == 1
    assert "42" in out
    assert "vain.script, line 5: within 1s the moon\n  Cleo said nothing like that within 1 s." in err


@pytest.mark.only("baileys", reason="What is typed is read the same way on both.")
async def test_what_is_piped_in_is_said_and_answered_and_wrong_lines_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("milk")
    typed = f"what is 6 * 7?\n/nope\n/react\n/file {tmp_path}/list.txt have a look\n"
    code, out, _ = await demo(typed=typed)
    assert code == 0
    assert "✗ There is no /nope." in out
    assert "[list.txt] have a look" in out
    assert re.search(r"Cleo │ .*42", out)


async def test_a_demo_that_is_killed_leaves_no_program_behind(backend: str, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        CLEO,
        *("demo", "--backend", backend),
        env={**passed_on(), "TMPDIR": str(tmp_path)},
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    await asyncio.wait_for(process.stderr.readuntil(b"Ready after"), PATIENCE)
    children = children_of(process.pid)
    assert len(children) == {"baileys": 2, "cloud": 1}[backend]  # a simulator, and the bridge if there is one
    process.kill()
    await process.communicate()

    async def gone() -> bool:
        return not any(alive(child) for child in children)

    await until("the end of its programs", gone)


async def test_nothing_of_the_demo_is_left_and_nothing_of_yours_is_used(backend: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    mine = {
        "CLEO_DATA": str(tmp_path / "data"),
        "CLEO_PORT": "1",
        "CLEO_OWNERS": "+15550009999",
        "WHATSAPP_BACKEND": "cloud",
        "WHATSAPP_CLOUD_BASE_URL": "https://graph.example",
        "WHATSAPP_CLOUD_TOKEN": "of-your-own",
        "TMPDIR": str(tmp_path),
    }
    code, out, err = await demo("--backend", backend, typed="what is 6 * 7?\n", **mine)
    assert (code, "42" in out) == (0, True), err
    assert names(tmp_path / "data") == []
    assert [name for name in names(tmp_path) if name.startswith("cleo-demo")] == []
