"""Cleo as several processes on one Postgres: an api, two workers, each with a model of its own, and a fake bridge."""

import asyncio
import os
import re
import threading
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2
from tests.support.echo_model import EchoModel, newest
from tests.support.fake_bridge import FakeBridge
from tests.support.openai_mock import Answer, Body
from tests.support.postgres import Postgres
from tests.support.program import Part, until
from tests.support.system import CLEO

from cleo.app.settings import passed_on

_SECRET = "a-secret-of-the-fleet"
_NUMBER = re.compile(r"\bm\d+\b")


class GatedModel(EchoModel):
    """Says again what it is told, but only once its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.heard: list[str] = []

    def answer_to(self, body: Body) -> Answer:
        self.heard.append(newest(body))
        self.gate.wait(60)
        return super().answer_to(body)

    def has_heard(self, words: str) -> bool:
        return any(words in heard for heard in tuple(self.heard))


@dataclass(frozen=True)
class WorkerWithModel:
    """A worker and the model that it alone asks."""

    part: Part
    model: GatedModel


class Fleet:
    """`async with Fleet(…) as fleet:` runs everything."""

    def __init__(self, postgres: Postgres, url: str, folder: Path) -> None:
        self.postgres = postgres
        self.folder = folder
        self.bridge = FakeBridge(ours=True, secret=_SECRET)
        self._url = url
        self._stack = AsyncExitStack()
        self._chats = 0

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.bridge)
        self._http = await self._stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=10))
        self.api = Part("api", [CLEO, "api"], self.folder / "api")
        self.workers = [self._worker(number) for number in (1, 2)]
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(part.kill() for part in self.parts))
        await self._stack.aclose()

    @property
    def parts(self) -> list[Part]:
        return [self.api, *(worker.part for worker in self.workers)]

    def env(self, worker: WorkerWithModel | None = None) -> dict[str, str]:
        mine = {
            "DATABASE_URL": self._url,
            "CLEO_DATA": str(self.folder / "data"),
            "CLEO_PORT": "0",
            "CLEO_OWNERS": "+4915100000000",
            "CLEO_ALLOWED_USERS": ",".join(f"+491510000{number:04}" for number in range(1, 200)),
            "WHATSAPP_WEBHOOK_SECRET": _SECRET,
        }
        if worker:
            mine |= {"WHATSAPP_BRIDGE_URL": self.bridge.url, **worker.model.settings}
        return {**passed_on(), **mine}

    async def start(self) -> None:
        """Start what does not run."""
        dead = [(self.api, self.env()), *((each.part, self.env(each)) for each in self.workers)]
        dead = [(part, env) for part, env in dead if not part.is_running]
        lives = [_lives(part) for part, _ in dead]
        for part, env in dead:
            await part.start(env)
        for (part, _), before in zip(dead, lives, strict=True):
            await until(f"{part.name} to start", lambda p=part, n=before: _lives_again(p, n))
        self._api_url = re.findall(r"on (http://\S+)", self.api.said)[-1]

    def chat(self) -> str:
        """Somebody who has not written yet, by their JID."""
        self._chats += 1
        return f"491510000{self._chats:04}@s.whatsapp.net"

    async def say(self, chat: str, words: str, *, at: str | None = None) -> None:
        """Bring a message as the bridge does: again and again, until it is taken."""
        body = {"from": chat, "text": words, "timestamp": 1_800_000_000, "messageId": f"{chat}-{words}"}
        headers = {"X-Webhook-Secret": _SECRET}
        end = asyncio.get_running_loop().time() + 40
        while asyncio.get_running_loop().time() < end:
            try:
                answer = await self._http.post(
                    f"{at or self._api_url}/api/whatsapp/webhook", json=body, headers=headers
                )
                if answer.status_code == 200:
                    return
                assert answer.status_code == 503, answer.text
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(0.1)
        raise AssertionError(f"nobody took {words}")

    async def talk(self, chats: Iterable[str], numbers: Sequence[str]) -> None:
        """Everybody says the same at the same time, each in order."""

        async def one(chat: str) -> None:
            for number in numbers:
                await self.say(chat, number)

        await asyncio.gather(*(one(chat) for chat in chats))

    def numbers_in(self, chat: str) -> list[str]:
        """What came back, in order."""
        return [number for text in self.bridge.sent_to(chat) for number in _NUMBER.findall(text)]

    async def answered(self, chats: Iterable[str], numbers: Sequence[str]) -> None:
        """Wait until everybody has as many answers as questions; then they must be the very ones, in order."""
        everybody = list(chats)

        async def all_there() -> bool | None:
            return all(len(self.numbers_in(chat)) >= len(numbers) for chat in everybody) or None

        try:
            await until("all answers", all_there, 60)
        finally:
            got = {chat: self.numbers_in(chat) for chat in everybody}
            wrong = {chat: found for chat, found in got.items() if found != list(numbers)}
            assert wrong == {}, f"not once, in order: {wrong}"

    def _worker(self, number: int) -> WorkerWithModel:
        model = self._stack.enter_context(GatedModel())
        return WorkerWithModel(
            Part(f"worker{number}", [CLEO, "worker"], self.folder / f"worker{number}"), model
        )


def _lives(part: Part) -> int:
    return part.said.count("✓ Cleo")


async def _lives_again(part: Part, before: int) -> bool | None:
    assert part.is_running, part.tail()
    return _lives(part) > before or None


def stop(part: Part, signal: int) -> None:
    os.kill(part.pid, signal)
