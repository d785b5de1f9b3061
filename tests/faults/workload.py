"""People who write numbered messages, alone, in bursts and in groups, and answer Cleo's questions."""

import asyncio
import base64
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.seen import Shown, feed, shown
from tests.support.phone import Phone, Sent

WISHES = ("say", "say", "long", "mark", "mark", "press", "press", "file", "file", "remind")

QUESTION = re.compile(r"Confirm: press\* · (?P<ref>[0-9A-Z]{4})\nnumber: `?(?P<number>m\d{5})")
"""How Cleo asks."""
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Wish:
    """A numbered message that a phone wrote."""

    number: str
    wish: str
    id: str
    chat: str


@dataclass
class People:
    """Everybody who writes in one test, and what they wrote."""

    rng: random.Random
    wishes: list[Wish] = field(default_factory=list[Wish])
    yes: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Which refs got a 👍, by the number they were for."""
    answered: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Which numbers each chat has seen an answer to."""
    asked: int = 0
    reacting: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _count: int = 0

    def number(self) -> str:
        self._count += 1
        return f"m{self._count:05}"

    @property
    def open(self) -> int:
        """How many messages have no answer that anybody has seen yet."""
        return self.open_among(self.wishes)

    def open_among(self, wishes: Sequence[Wish]) -> int:
        return sum(wish.number not in self.answered.get(wish.chat, ()) for wish in wishes)


@dataclass
class Talker:
    """Writes into one chat: a direct one, or a group of which `phone` is a member."""

    people: People
    phone: Phone
    group: str | None = None
    lid: bool = False
    owner: bool = False
    patience: int = 12
    """Who waits for so many answers writes nothing more until one comes."""
    seen: int = 0

    @property
    def chat(self) -> str:
        """The chat as the ledger names it."""
        return self.group or self.phone.number

    @property
    def place(self) -> str:
        """The chat as the phone names it."""
        return self.group or self.phone.cleo

    async def write(self, until: asyncio.Event) -> None:
        """Write now and then, until told to stop."""
        rng = self.people.rng
        while not until.is_set():
            if self._open() < self.patience:
                await self._some(rng)
            await asyncio.sleep(min(rng.expovariate(1.2), 4.0))

    def _open(self) -> int:
        known = self.people.answered.get(self.chat, set())
        return sum(wish.chat == self.chat and wish.number not in known for wish in self.people.wishes)

    async def _some(self, rng: random.Random) -> None:
        wishes = [rng.choice(WISHES) for _ in range(rng.choice((1, 1, 1, 2, 3, 5)))]
        if any(wish == "file" for wish in wishes):
            for wish in wishes:
                await self.wish(wish)
        else:
            await self._batch(wishes)

    async def wish(self, wish: str) -> None:
        """Write one message."""
        number = self.people.number()
        words = f"{number}-{wish} please"
        body: dict[str, object] = {"text": words}
        if wish == "file":
            data = base64.b64encode(_PIXEL + number.encode()).decode()
            file = {"kind": "document", "base64": data, "mimetype": "image/png", "filename": f"{number}.png"}
            body = self.under(words, file)
        id = await self.phone.send(body | self._address())
        self.people.wishes.append(Wish(number, wish, id, self.chat))

    def under(self, words: str, file: Mapping[str, str]) -> dict[str, object]:
        """A message of a file with words under it."""
        return {"text": words, "media": file}

    async def say_at_once(self, count: int) -> None:
        """Write many plain messages in one go."""
        await self._batch(["say"] * count)

    async def _batch(self, wishes: list[str]) -> None:
        numbers = [self.people.number() for _ in wishes]
        batch = [
            {"text": f"{number}-{wish} please", **self._address()}
            for number, wish in zip(numbers, wishes, strict=True)
        ]
        for number, wish, id in zip(numbers, wishes, await self.post(batch), strict=True):
            self.people.wishes.append(Wish(number, wish, id, self.chat))

    async def post(self, batch: list[dict[str, object]]) -> list[str]:
        """Send many messages in one go; tells their ids."""
        return Sent.model_validate_json(await self.phone.post({"batch": batch})).ids

    def _address(self) -> dict[str, object]:
        if self.group:
            return {"group": self.group}
        return {"to": self.phone.cleo, **({"lid": True} if self.lid else {})}

    async def read(self) -> None:
        """Look at the phone for ever: note what is answered, and answer what is asked."""
        while True:
            for bubble in await feed(self.phone, after=self.seen, wait=5):
                self.seen = bubble.seq
                if bubble.sender == self.phone.cleo and bubble.place == self.place:
                    numbers = re.findall(r"ok (m\d{5})", bubble.text)
                    self.people.answered.setdefault(self.chat, set()).update(numbers)
                    self._maybe_answer(bubble)

    async def unread(self) -> int:
        """Count the bubbles that `read` has not looked at yet."""
        return len(await shown(self.phone, after=self.seen))

    def _maybe_answer(self, bubble: Shown) -> None:
        question = QUESTION.search(bubble.text)
        if self.owner and question:
            self.people.asked += 1
            task = asyncio.create_task(self._answer(bubble, question["ref"], question["number"]))
            self.people.reacting.add(task)
            task.add_done_callback(self.people.reacting.discard)

    async def _answer(self, bubble: Shown, ref: str, number: str) -> None:
        """Say yes mostly; all owners say the same. A repeat after a crash is wanted every second time."""
        again = bubble.text.startswith("⚠️")
        agrees = int(number[1:]) % 2 == 0 if again else int(number[1:]) % 5 != 0
        if agrees:
            self.people.yes.setdefault(number, set()).add(ref)
        await asyncio.sleep(self.people.rng.uniform(0, 2))
        await self.vote(bubble, int(number[1:]), agrees=agrees)

    async def vote(self, bubble: Shown, number: int, *, agrees: bool) -> None:
        """Answer a question, in one way or another."""
        if agrees and number % 7 == 0:
            await self.phone.reply(bubble.id, "yes")
        else:
            await self.phone.react(bubble.id, "👍" if agrees else "👎")
