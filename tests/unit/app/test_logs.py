import io
import json
import logging

import pytest
import structlog

from cleo.app import logs
from cleo.domain.errors import SendFailed

NUMBER = "+49 151 12345678"
JID = "4915112345678@s.whatsapp.net"
SECRET = "hunter22-canary"
WORDS = "the gate code is swordfish"


def written(level: logs.Level = "info", *, pretty: bool = False) -> io.StringIO:
    stream = io.StringIO()
    logs.set_up(level, hide=[SECRET], pretty=pretty, to=stream)
    return stream


@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_canary_comes_out_whatever_is_logged(level: logs.Level, pretty: bool) -> None:
    stream = written(level, pretty=pretty)
    log = structlog.get_logger("cleo.test")
    log.info(
        "got it",
        text=WORDS,
        person=f"phone:{NUMBER}",
        chat=JID,
        key=SECRET,
        deep={"body": WORDS, "of": [JID]},
    )
    log.warning(
        f"message from {JID} and {NUMBER} with {SECRET}", at=1760000000000, conversation=f"whatsapp/{JID}"
    )
    log.debug("more", caption=WORDS, url=f"http://localhost/?key={SECRET}")
    try:
        raise ValueError(f"{WORDS} {SECRET}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("asyncio").error(f"Task exception\nfuture: ValueError({WORDS!r})", exc_info=True)
    logging.getLogger("library").warning("sent to %s", JID)
    said = stream.getvalue()
    assert "got it" in said
    assert "failed" in said
    for canary in ("swordfish", "12345678", "4915112345678", SECRET, "1760000000000"):
        assert canary not in said


def test_the_same_number_is_the_same_hash_in_every_spelling() -> None:
    stream = written()
    structlog.get_logger("cleo.test").info("x", a=JID, b=NUMBER, c="+4915112345679")
    entry = json.loads(stream.getvalue())
    assert entry["a"] == entry["b"]
    assert entry["a"] != entry["c"]
    assert entry["a"].startswith("#")


def test_what_helps_to_find_a_fault_stays() -> None:
    stream = written()
    log = structlog.get_logger("cleo.test")
    log.info(
        "sent", count=3, seconds=0.25, state="queued", ok=True, none=None, place="http://127.0.0.1:54321"
    )
    entry = json.loads(stream.getvalue())
    assert entry | {"count": 3, "seconds": 0.25, "state": "queued", "ok": True, "none": None} == entry
    assert entry["place"] == "http://127.0.0.1:54321"
    assert entry["level"] == "info"


def test_errors_that_cleo_raises_on_purpose_keep_their_sentence_and_others_their_place() -> None:
    stream = written()
    log = structlog.get_logger("cleo.test")
    try:
        raise SendFailed("The bridge cannot be reached.")
    except SendFailed:
        log.exception("one")
    try:
        raise ExceptionGroup("group", [KeyError(WORDS)])
    except ExceptionGroup:
        log.exception("two")
    said = stream.getvalue()
    assert "SendFailed: The bridge cannot be reached. (test_logs.py:" in said
    assert "KeyError" in said
    assert "swordfish" not in said


def test_levels_count_for_cleo_and_libraries_start_at_warning() -> None:
    stream = written("info")
    structlog.get_logger("cleo.test").debug("too quiet")
    logging.getLogger("library").info("chatter")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("pretty", [False, True])
def test_what_stands_in_a_field_cannot_write_lines_of_the_log(pretty: bool) -> None:
    stream = written(pretty=pretty)
    forged = 'a\n{"event": "forged", "level": "error"}\r\x1b[2J", "event": "forged"'
    structlog.get_logger("cleo.test").info("got it", kind=forged)
    said = stream.getvalue()
    assert said.count("\n") == 1
    assert "\r" not in said and "\x1b[2J" not in said
    assert pretty or json.loads(said)["event"] == "got it"
