"""The webhook against chance: no body and no header brings it down."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.webhook_client import ANN, AUTHORIZED, FIELDS, WebhookClient, explains

CLIENT = WebhookClient()

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


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=bodies,
    extra=st.lists(
        st.tuples(
            st.sampled_from(["Content-Type", "X-Webhook-Secret", "Content-Encoding", "Accept"]), header_values
        ),
        max_size=2,
    ),
)
def test_no_body_and_no_header_makes_the_door_fall(body: bytes, extra: list[tuple[str, bytes]]) -> None:
    answer = asyncio.run(CLIENT.ask(body, [*AUTHORIZED, *extra]))
    assert answer.status_code in {200, 403, 415, 422}
    assert answer.status_code != 422 or explains(answer)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=likely)
def test_what_is_accepted_can_be_kept_in_any_database(value: dict[str, Any]) -> None:
    CLIENT.received.messages.clear()
    answer = asyncio.run(CLIENT.post(value))
    assert answer.status_code in {200, 422}
    for message in CLIENT.received.messages:
        text = repr(message)
        assert text.encode()
        assert "\x00" not in str(message.content) + message.sender_name + message.account
