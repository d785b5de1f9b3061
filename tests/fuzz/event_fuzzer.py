"""Bytes and events by chance at the webhook of the bridge: it stays up, and what it accepts can be kept."""

import asyncio
import json
from typing import Any

from hypothesis import strategies as st
from tests.fuzz.play import play
from tests.support.webhook_client import ANN, AUTHORIZED, FIELDS, WebhookClient, explains

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
addresses = st.sampled_from(
    [ANN, "219876543210987@lid", "120363000000000001@g.us", "x@broadcast", "+49 151 1234"]
)
required = {
    "from": addresses,
    "messageId": st.from_regex(r"[0-9A-F]{4,20}", fullmatch=True),
    "timestamp": st.integers(0, 2**53),
}
likely = st.fixed_dictionaries(
    required, optional={name: json_values | st.text() for name in FIELDS if name not in required}
)
written = likely.map(lambda value: json.dumps(value).encode())
cuts = st.lists(st.tuples(st.integers(0), st.binary(max_size=3)), max_size=3)


def _mangled(body: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    for place, put in cuts:
        body = body[: place % (len(body) + 1)] + put + body[place % (len(body) + 1) + len(put) :]
    return body


bodies = st.one_of(
    st.binary(max_size=300),
    st.dictionaries(st.sampled_from(FIELDS), json_values).map(lambda value: json.dumps(value).encode()),
    written,
    st.builds(_mangled, written, cuts),
)
header_names = st.sampled_from(["Content-Type", "X-Webhook-Secret", "Content-Encoding", "Accept"])
header_values = st.binary(max_size=40).filter(lambda value: b"\r" not in value and b"\n" not in value)


requests = st.tuples(bodies, st.lists(st.tuples(header_names, header_values), max_size=2))
"""A body, and headers beside the right ones."""


def fuzz_events(*, examples: int, seed: int) -> None:
    """Post half of the examples as bytes, and half as events that are nearly right."""
    client = WebhookClient()

    def answers(request: tuple[bytes, list[tuple[str, bytes]]]) -> None:
        body, headers = request
        answer = asyncio.run(client.ask(body, [*AUTHORIZED, *headers]))
        assert answer.status_code in {200, 403, 415, 422}
        assert answer.status_code != 422 or explains(answer)

    def keeps(value: dict[str, Any]) -> None:
        client.received.messages.clear()
        answer = asyncio.run(client.post(value))
        assert answer.status_code in {200, 422}
        for message in client.received.messages:
            assert repr(message).encode()
            assert "\x00" not in str(message.content) + message.sender_name + message.account

    play(requests, answers, count=max(1, examples // 2), seed=seed)
    play(likely, keeps, count=max(1, examples // 2), seed=seed)
