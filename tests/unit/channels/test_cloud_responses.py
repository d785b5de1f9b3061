"""Answers of Graph in every shape, and of servers that only look like it."""

import httpx2
import pytest

from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse, read_sent, send_error
from cleo.domain.errors import SendError, SendFailed, SendRejected, SendUncertain
from cleo.domain.identity import Address

ANN = Address("phone:+4915112345678")


def answer(status: int, body: bytes, headers: dict[str, str] | None = None) -> GraphResponse:
    return GraphResponse.parse(httpx2.Response(status, headers=headers), body)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (502, b'{"error": {"message": "Bad gateway"}}', SendUncertain),
        (502, b'{"error": "Bad gateway"}', SendUncertain),
        (503, b'{"error": {"code": "overloaded"}}', SendUncertain),
        (503, b'{"error": {"code": "131016", "message": 5, "error_data": []}}', SendFailed),
        (500, b'{"error": {"code": 1}} and more', SendUncertain),
        (500, b"[]", SendUncertain),
        (400, b'{"error": {"code": 131026, "is_transient": "maybe"}}', SendRejected),
        (401, b'{"error": {"code": 424242}}', SendFailed),
        (206, b'{"error": {"code": 131201}}', SendRejected),
        (400, b"\xff\xfe", SendFailed),
    ],
)
def test_only_what_has_a_number_is_graphs_own_word(status: int, body: bytes, error: type[SendError]) -> None:
    told = answer(status, body)
    assert not told.is_success
    assert isinstance(send_error(told), error)


def test_details_are_told_in_either_shape() -> None:
    for data in (b'"bad caption"', b'{"details": "bad caption"}'):
        body = b'{"error": {"code": 100, "message": "(#100)", "error_data": ' + data + b"}}"
        assert "bad caption" in str(send_error(answer(400, body)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b"{}",
        b'{"messages": []}',
        b'{"messages": [{}]}',
        b'{"messages": [null, 5]}',
        b'{"messages": {"id": "wamid.A"}}',
        b'{"messages": [{"id": ""}]}',
        b'{"messages": [{"id": null}], "contacts": 7}',
    ],
)
def test_success_without_an_id_is_uncertain(body: bytes) -> None:
    with pytest.raises(SendUncertain):
        read_sent(answer(200, body), ANN)


@pytest.mark.parametrize(
    ("contacts", "also"),
    [
        (b'[{"wa_id": "4915112345678"}]', None),
        (b'[{"wa_id": 5511987654321}]', "phone:+5511987654321"),
        (b'[{"wa_id": "x"}]', None),
        (b'[{"wa_id": "5511987654321"}, {"wa_id": "5511987654322"}]', None),
        (b"[]", None),
        (b"{}", None),
    ],
)
def test_only_a_sole_contact_tells_another_number(contacts: bytes, also: str | None) -> None:
    body = b'{"messages": [{"id": "wamid.A"}], "contacts": ' + contacts + b"}"
    assert read_sent(answer(200, body), ANN).also == also
    assert read_sent(answer(200, body), Address("group:1")).also is None
