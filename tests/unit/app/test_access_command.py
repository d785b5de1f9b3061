"""`cleo access`, and `/api/access` of the running Cleo."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from tests.support.clock import FakeClock

from cleo.agent import AccessWatch
from cleo.app.cli.access import run
from cleo.app.http.access_routes import PATH, access_routes
from cleo.domain.access import Access
from cleo.domain.conversation import ConversationId
from cleo.domain.errors import ConfigError
from cleo.domain.identity import Address
from cleo.store import open_store

NUMBER = "+4915112345678"


class NoEngine:
    async def wake(self, *conversations: ConversationId) -> None: ...

    async def run(self, work: object) -> None: ...


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[AccessWatch]:
    store = open_store(f"sqlite:///{tmp_path / 'cleo.db'}", clock=FakeClock())
    yield AccessWatch(store=store, engine=NoEngine(), clock=FakeClock(), access=Access())
    asyncio.run(store.close())


def client(watch: AccessWatch, secret: str | None = "hunter22") -> httpx2.AsyncClient:
    app = FastAPI()
    app.include_router(access_routes(watch, secret))
    headers = {"X-Webhook-Secret": secret} if secret else {}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://localhost", headers=headers
    )


async def test_somebody_is_let_in_by_http(watch: AccessWatch) -> None:
    person = Address("lid:219876543210987")
    await watch.store.write(lambda tx: tx.people.resolve(frozenset({person}), "Mallory", 1.0))
    await watch.store.write(
        lambda tx: tx.access.note_unknown(tx.people.resolve(frozenset({person}), "", 1.0).id, 2.0)
    )
    async with client(watch) as http:
        before = (await http.get(PATH)).json()
        assert before["unknown"] == [
            {"addresses": [person], "name": "Mallory", "messages": 1, "last_at": 2.0}
        ]
        after = (await http.post(PATH, json={"address": NUMBER, "rule": "allowed"})).json()
        assert [(each["address"], each["rule"]) for each in after["decided"]] == [(NUMBER, "allowed")]
        assert watch.access.rules.allowed == {Address(f"phone:{NUMBER}")}
        await http.post(PATH, json={"address": person, "rule": "blocked"})
        assert (await http.get(PATH)).json()["unknown"] == []


async def test_without_the_secret_nothing_is_told_nor_read(watch: AccessWatch) -> None:
    async with client(watch) as http:
        for wrong in ({"X-Webhook-Secret": "x"}, {"X-Webhook-Secret": ""}):
            assert (await http.get(PATH, headers=wrong)).status_code == 403
            assert (await http.post(PATH, content=b"{" * 10_000, headers=wrong)).status_code == 403
    assert await watch.store.read(lambda tx: tx.access.rules()) == []


@pytest.mark.parametrize(
    "body", [{}, {"address": "me", "rule": "allowed"}, {"address": NUMBER, "rule": "loved"}, []]
)
async def test_a_wrong_decision_is_refused_in_words(body: object, watch: AccessWatch) -> None:
    async with client(watch) as http:
        refused = await http.post(PATH, json=body)
    assert refused.status_code == 422
    assert refused.json()["message"]


def test_the_command_decides_also_while_no_cleo_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEO_OWNERS", "+4915100000001")
    monkeypatch.setenv("CLEO_ALLOWED_USERS", "+4915100000002")
    run([NUMBER, "2198765432@lid"], "allowed")
    run(["+4915100000003"], "blocked")
    run(["+4915100000004"], "blocked")
    run(["+4915100000004"], "none")
    capsys.readouterr()
    run()
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["✓ +4915100000001  owner", "✓ +4915100000002  answered, by CLEO_ALLOWED_USERS"]
    assert said[2].startswith(f"✓ {NUMBER}  allowed, since ")
    assert said[3].startswith("✓ lid:2198765432  allowed, since ")
    assert said[4].startswith("✗ +4915100000003  blocked, since ")
    assert len(said) == 5


def test_an_owner_of_the_settings_is_not_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEO_OWNERS", NUMBER)
    with pytest.raises(ConfigError, match="CLEO_OWNERS"):
        run([NUMBER], "blocked")


def test_a_number_that_is_none_is_said_with_an_example() -> None:
    with pytest.raises(ConfigError, match=r"cleo access allow \+49"):
        run(["0151 1234"], "allowed")
