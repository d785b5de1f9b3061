"""`cleo doctor` on the database, which a Cleo may be using."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.store_samples import CHAT, chat, outgoing

from cleo.agent.receive import CONTESTED
from cleo.app.doctor.context import Examination
from cleo.app.doctor.database import database
from cleo.app.settings import load
from cleo.domain.content import MessageId
from cleo.domain.conversation import LastInbound
from cleo.ports.finding import Finding, run_checks
from cleo.store import SystemClock, open_store


def findings(data: Path, **more: Any) -> list[tuple[str, str]]:
    found: list[Finding] = list(run_checks([database], Examination(settings=load(cleo_data=data, **more))))
    assert all(finding.fix for finding in found if finding.grade == "note")
    assert not found or "Nobody owns this Cleo yet" in found[0].what or found[0].grade == "bad"
    return [(finding.grade, finding.what) for finding in found if "Nobody owns" not in finding.what]


@pytest.fixture
def cloud() -> Iterator[dict[str, Any]]:
    yield {"whatsapp_backend": "cloud", "whatsapp_cloud_phone_number_id": "1001"}


def test_a_new_directory_has_no_database_and_gets_none(tmp_path: Path) -> None:
    assert findings(tmp_path) == [("note", "Database: nothing in it yet")]
    assert list(tmp_path.iterdir()) == []


async def test_windows_messages_in_doubt_or_held_and_people_in_doubt_are_told(
    tmp_path: Path, cloud: dict[str, Any]
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/cleo.db", clock=SystemClock(tmp_path / "clock"))
    wrote = LastInbound(number_id="1001", id=MessageId("wamid.1"), at=time.time() - 3600)
    await store.write(lambda tx: tx.conversations.open(replace(chat(CHAT), last_inbound=wrote)))
    assert findings(tmp_path, **cloud) == [
        ("good", "Database: can be read"),
        ("good", "Chats that may be written to now (24 hours since the person wrote): 1"),
    ]
    assert findings(tmp_path) == [("good", "Database: can be read")]
    await store.write(lambda tx: tx.outbox.add(outgoing("a", state="held")))
    await store.write(lambda tx: tx.outbox.add(outgoing("b", state="unknown")))
    await store.write(lambda tx: tx.installation.set(CONTESTED, "phone:+4915112345678 and bsuid:DE.1"))
    told = findings(tmp_path, **cloud)
    assert [grade for grade, _ in told] == ["good", "note", "note", "good", "note"]
    assert "held until somebody writes again: 1" in told[1][1]
    assert "whether they arrived: 1" in told[2][1]
    assert "two people looked like one" in told[4][1]
    assert "4915112345678" not in str(told)
    await store.close()


def test_a_database_that_cannot_be_reached_is_bad_and_its_password_is_not_shown(tmp_path: Path) -> None:
    told = findings(tmp_path, database_url="postgresql://cleo:pa55word@127.0.0.1:1/cleo")
    assert [grade for grade, _ in told] == ["bad"]
    assert "cannot be reached" in told[0][1]
    assert "pa55word" not in told[0][1]
