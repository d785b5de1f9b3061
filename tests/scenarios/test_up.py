"""`cleo up`: agent and own bridge as one program, from an empty directory to the first answer."""

import json
import os
import re
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from tests.support.phone import Phone
from tests.support.program import Part, until
from tests.support.system import CLEO
from tests.support.web_world import World

from cleo.app.settings import passed_on
from cleo.channels.whatsapp.backend import SECRET_HEADER
from cleo.channels.whatsapp.bridge.contract import LinkAnswer

pytestmark = pytest.mark.only(
    "baileys", reason="Codes to link with and a bridge of its own are WhatsApp Web's; test_up_cloud has none."
)


class Up:
    """A Cleo that was started by `cleo up` on the simulated WhatsApp."""

    def __init__(self, world: World, folder: Path, *arguments: str) -> None:
        self.world = world
        self.number = world.number()
        self.data = folder / "data"
        self.part = Part("up", [CLEO, "up", *arguments], folder)

    def env(self) -> dict[str, str]:
        mine = {"CLEO_DATA": str(self.data), "CLEO_PORT": "0", "CLEO_MODEL": "builtin:basic"}
        return {**passed_on(), **self.world.env, **mine}

    async def start(self) -> None:
        await self.world.ask("POST", "/phones", {"number": self.number, "name": "Cleo"})
        await self.part.start(self.env())

    async def scan(self) -> int:
        """Scan the QR that the terminal shows, and wait for the connection; tells the device."""
        await self.part.says("cleo link")
        link = LinkAnswer.model_validate_json(await self.ask_bridge("/link"))
        assert link.qr
        device = await self.world.link(self.number, link.qr)
        await self.part.says("✓ WhatsApp: Connected")
        return device

    async def ask_bridge(self, path: str) -> bytes:
        note = await until("the note", self._note)
        headers = {SECRET_HEADER: (self.data / "webhook-secret").read_text()}
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            return (await http.get(f"{note['bridge']}{path}", headers=headers)).content

    async def command(self, *arguments: str) -> Part:
        """Run another command beside it, until it ends."""
        part = Part(f"cleo-{arguments[0]}", [CLEO, *arguments], self.part.folder)
        await part.start(self.env())
        assert part.process
        await part.process.wait()
        return part

    async def _note(self) -> dict[str, str] | None:
        path = self.data / "running.json"
        return json.loads(path.read_text()) if path.exists() else None


@asynccontextmanager
async def up(world: World, folder: Path, *arguments: str) -> AsyncGenerator[Up]:
    cleo = Up(world, folder, *arguments)
    await cleo.start()
    try:
        yield cleo
    finally:
        await cleo.part.kill()


def bridges_of(data: Path) -> list[int]:
    """Processes of bridges that own this data directory."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            env = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"WHATSAPP_BRIDGE_DATA={data}".encode() in env and b"whatsapp-bridge/src/main.ts" in command:
            found.append(int(process.name))
    return found


async def test_from_an_empty_directory_to_an_owner_who_is_answered(world: World, tmp_path: Path) -> None:
    async with up(world, tmp_path) as cleo:
        await cleo.scan()
        await cleo.part.says("cleo claim")
        said = (await cleo.command("claim")).said
        words = re.search(r"^    (claim \w{4}-\w{4})$", said, re.MULTILINE)
        assert words
        assert f"https://wa.me/{cleo.number}?text={words[1].replace(' ', '%20')}" in said
        me: Phone = await world.phone(cleo.number, "Me")
        await me.say(words[1])
        await me.hears("You are my owner now")
        await cleo.part.says("owns this Cleo now")
        assert "has an owner already" in (await cleo.command("claim")).logged
        await me.say("what is 6 * 7?")
        await me.hears("42")

        status = await cleo.command("status")
        assert status.process
        assert status.process.returncode == 0
        assert "✓ whatsapp: " in status.said

        sent = await cleo.command("send", f"+{me.number}", "Good **morning**")
        assert "✓ Sent" in sent.said
        await me.hears(r"^Good \*\*morning\*\*$")

        stranger: Phone = await world.phone(cleo.number, "Stranger")
        await stranger.say("what is 3 * 7?")

        async def listed() -> bool:
            return f"● +{stranger.number}" in (await cleo.command("access", "list")).said

        await until("the stranger in the list", listed)
        await cleo.command("access", "allow", f"+{stranger.number}")
        await stranger.hears("21")
        assert "✓ model: builtin:basic answered" in (await cleo.command("status")).said

        secret, code = (cleo.data / "webhook-secret").read_text(), words[1].removeprefix("claim ")
        for private in (me.number, stranger.number, cleo.number, "Good", "6 * 7", secret, code, "█"):
            assert private not in cleo.part.logged + cleo.part.said


async def test_it_stops_cleanly_and_quickly_and_goes_on_where_it_stopped(
    world: World, tmp_path: Path
) -> None:
    async with up(world, tmp_path) as cleo:
        await cleo.scan()
        for by in (signal.SIGINT, signal.SIGTERM):
            assert bridges_of(cleo.data)
            began = time.monotonic()
            assert await cleo.part.stop(by) == 0
            assert time.monotonic() - began < 5
            assert bridges_of(cleo.data) == []
            assert not (cleo.data / "running.json").exists()
            before = cleo.part.said.count("✓ WhatsApp: Connected")
            await cleo.part.start(cleo.env())

            async def connected(known: int = before) -> bool:
                return cleo.part.said.count("✓ WhatsApp: Connected") > known

            await until("the connection without another scan", connected)


async def test_its_bridge_dies_with_it_and_comes_back_when_it_dies_alone(
    world: World, tmp_path: Path
) -> None:
    async with up(world, tmp_path) as cleo:
        await cleo.scan()
        (bridge,) = bridges_of(cleo.data)
        os.kill(bridge, signal.SIGKILL)

        async def another() -> bool:
            return bool(set(bridges_of(cleo.data)) - {bridge})

        await until("another bridge", another)
        assert "It is started again." in cleo.part.said
        await cleo.part.kill()

        async def none() -> bool:
            return not bridges_of(cleo.data)

        await until("the end of the bridge", none)


async def test_a_phone_links_by_code_where_no_camera_is(world: World, tmp_path: Path) -> None:
    number = world.number()
    await world.ask("POST", "/phones", {"number": number, "name": "Cleo"})
    async with up(world, tmp_path, "--phone", f"+{number}") as cleo:
        await cleo.part.says("cleo link")
        shown = (await cleo.command("link")).said
        said = re.search(r"Pairing code, for the phone whose number Cleo shall have: (\w{4})-(\w{4})", shown)
        assert said
        assert said[1] not in cleo.part.said
        path = f"/phones/{number}/link/code"
        assert (await world.http.post(path, json={"code": "ABCD1234"})).status_code == 422
        await world.ask("POST", path, {"code": said[1] + said[2]})
        await cleo.part.says("✓ WhatsApp: Connected")


async def test_a_phone_that_unlinks_cleo_is_noticed_and_said(world: World, tmp_path: Path) -> None:
    async with up(world, tmp_path) as cleo:
        device = await cleo.scan()
        await world.ask("DELETE", f"/phones/{cleo.number}/companions/{device}")
        await cleo.part.says("WhatsApp: The phone has unlinked this device")
        status = await cleo.command("status")
        assert status.process
        assert status.process.returncode == 1
        assert "The phone has unlinked this device" in status.said
