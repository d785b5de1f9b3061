"""What goes with a send to Graph comes back with each status: the message, and which attempt at it this is."""

import pytest
from tests.support.cloud_payloads import change, parse_change, status

from cleo.channels.whatsapp.cloud.callback_data import read_callback_data, write_callback_data
from cleo.domain.message import Receipt, SendKey


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (SendKey("run:0"), "run:0"),
        (SendKey("run:0", 2), "run:0#2"),
        (SendKey("#", 2), "##2"),
        (SendKey("k" * 512), "k" * 512),
    ],
)
def test_what_is_written_is_read_again(key: SendKey, written: str) -> None:
    assert write_callback_data(key) == written
    assert read_callback_data(written) == key


def test_a_long_key_keeps_its_attempt() -> None:
    written = write_callback_data(SendKey("k" * 600, 2))
    assert (len(written), read_callback_data(written)) == (512, SendKey("k" * 510, 2))


@pytest.mark.parametrize("text", [None, "", "k" * 513])
def test_what_is_not_cleos_is_nothing(text: str | None) -> None:
    assert read_callback_data(text) is None


@pytest.mark.parametrize("text", ["k#", "#2", "k#x", "k#-1", "k#12345"])
def test_a_key_that_only_looks_like_an_attempt_is_a_key(text: str) -> None:
    assert read_callback_data(text) == SendKey(text)


@pytest.mark.parametrize(("data", "attempt"), [("run:0", 1), ("run:0#2", 2)])
def test_a_status_tells_which_attempt_it_is_about(data: str, attempt: int) -> None:
    receipt = parse_change(change(statuses=[status(biz_opaque_callback_data=data)])).meaning
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.attempt) == ("run:0", attempt)
