"""Anybody with the secret sees what became of messages; nobody sees what they said."""

from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from tests.support.clock import FakeClock

from cleo.app.http.outbox_routes import PATH, OutboxReport, outbox_routes
from cleo.domain.content import MessageId, Text
from cleo.domain.conversation import Conversation, ConversationId
from cleo.domain.identity import Address
from cleo.domain.message import OutgoingMessage
from cleo.ports import Transaction
from cleo.store import open_store

CHAT = ConversationId("whatsapp/default/phone:+4915112345678")


def some(tx: Transaction) -> None:
    address = Address("group:1")
    tx.conversations.open(Conversation(id=CHAT, channel="whatsapp", address=address))
    for number, state in enumerate(("read", "failed", "queued")):
        tx.outbox.add(
            OutgoingMessage(
                key=f"k{number}", conversation=CHAT, content=Text(body="the secret word"), purpose="reply"
            )
        )
        item = tx.outbox.next(CHAT)
        assert item
        done = OutgoingMessage(
            key=f"k{number}",
            conversation=CHAT,
            content=item.content,
            purpose="reply",
            state=state,  # type: ignore[arg-type]  # test data
            attempts=number,
            message_id=MessageId(f"ID{number}"),
            reason="refused (463)" if state == "failed" else "",
        )
        tx.outbox.update(done)


@pytest.mark.parametrize(
    ("secret", "given", "status"), [(None, "", 200), ("s3cret", "s3cret", 200), ("s3cret", "", 403)]
)
async def test_it_tells_states_to_those_who_may_know(
    tmp_path: Path, secret: str | None, given: str, status: int
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'cleo.db'}", clock=FakeClock())
    await store.write(some)
    app = FastAPI()
    app.include_router(outbox_routes(store, secret))
    headers = {"X-Webhook-Secret": given} if given else {}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://cleo") as http:
        answer = await http.get(PATH, headers=headers)
    await store.close()
    assert answer.status_code == status
    assert "secret word" not in answer.text
    if status == 200:
        report = OutboxReport.model_validate_json(answer.content)
        assert [(m.state, m.reason) for m in report.messages] == [
            ("queued", ""),
            ("failed", "refused (463)"),
            ("read", ""),
        ]
