"""Where webhooks of the Cloud API by chance meet the real route, the real receiver and a real database on disk."""

import asyncio
import itertools
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Self

from hypothesis import strategies as st
from tests.fuzz.generators import SALT, Leaf, Webhook, ruins, webhooks, write
from tests.fuzz.play import play
from tests.support.agent_harness import AgentHarness
from tests.support.cloud_payloads import NOW, NUMBER, CloudWebhookClient

from cleo.agent import Receiver
from cleo.channels.whatsapp.cloud.inbound.webhook_events import FAULT, read_batch

ROUND = 500
"""Examples for one database."""

NEVER = 10**6
"""A day, counted from 1970, that is later than any."""


class WebhookFuzzer:
    """One database; `with WebhookFuzzer(folder) as fuzzer: fuzzer.play(webhook)`."""

    def __init__(self, folder: Path) -> None:
        self._harness = AgentHarness(folder)
        self._salts = itertools.count(1)
        harness = self._harness
        receiver = Receiver(
            store=harness.store,
            engine=harness.engine,
            clock=harness.clock,
            access=harness.access,
            queue=harness.queue,
            delivery=harness.delivery,
            most_waiting=10**9,
        )
        self._client = CloudWebhookClient(receiver, harness.clock)
        self._rows = sqlite3.connect(folder / "cleo.db", isolation_level=None)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()
        self._runner.run(self._harness.store.close())
        self._runner.close()

    def play(self, webhook: Webhook | bytes) -> None:
        """Post it, and look whether every promise holds; raises `AssertionError`."""
        if isinstance(webhook, bytes):
            self._post(webhook)
            return
        self._begin_a_day()
        salt = f"s{next(self._salts)}"
        raw = write(webhook.body(), salt)
        before = self._counts()
        self._post(raw)
        self._look(webhook, raw, salt, before)
        after = self._counts()
        self._post(raw)
        assert self._counts() == after, "the same request again added something"
        self._post(write(webhook.apart().body(), salt, loose=True))
        assert self._counts() == after, "the same things in other company added something"

    def _begin_a_day(self) -> None:
        """Let strangers have the quota of a day for each example."""
        self._runner.run(self._harness.store.write(lambda tx: tx.retention.forget_counts(NEVER)))

    def _post(self, raw: bytes) -> None:
        answer = self._runner.run(self._client.post(raw))
        assert answer.status_code == 200, f"the answer was {answer.status_code}"

    def _look(self, webhook: Webhook, raw: bytes, salt: str, before: tuple[int, int]) -> None:
        items = read_batch(raw, phone_number_id=NUMBER, reopen_template=None, now=NOW).events
        assert len(items) == len(webhook), "not every leaf is one item"
        assert not [item.problem for item in items if item.problem.startswith(FAULT)]
        kept = {
            key for (key,) in self._rows.execute("SELECT key FROM webhook_events WHERE seq > ?", before[:1])
        }
        assert {item.key for item in items if salt in item.key} <= kept, "an item was not kept"
        rows = self._rows.execute("SELECT body, state FROM inbox WHERE seq > ?", before[1:]).fetchall()
        heard = [(json.loads(body)["id"], state) for body, state in rows]
        for leaf in {leaf.id: leaf for leaf in webhook.leaves if leaf.lands}.values():
            self._look_for(leaf, leaf.id.replace(SALT, salt), heard)

    @staticmethod
    def _look_for(leaf: Leaf, id: str, heard: list[tuple[str, str]]) -> None:
        states = [state for heard_id, state in heard if heard_id == id]
        assert len(states) == 1, f"a good message is {len(states)} times in the inbox"
        assert states[0] in {"noted", "change"} or leaf.field == "messages", (
            "what another answers would be answered"
        )

    def _counts(self) -> tuple[int, int]:
        (counts,) = self._rows.execute(
            "SELECT (SELECT coalesce(max(seq), 0) FROM webhook_events), (SELECT coalesce(max(seq), 0) FROM inbox)"
        )
        return counts


def fuzz_webhooks(*, examples: int, seed: int) -> None:
    """Play examples, each `ROUND` of them on a fresh database; raises when one breaks a promise, made small."""
    for played in range(0, examples, ROUND):
        with (
            tempfile.TemporaryDirectory(prefix="cleo-fuzz-") as folder,
            WebhookFuzzer(Path(folder)) as fuzzer,
        ):
            play(
                st.one_of(webhooks, webhooks, webhooks, webhooks, ruins),
                fuzzer.play,
                count=min(ROUND, examples - played),
                seed=seed + played,
            )
