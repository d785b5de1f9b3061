"""`cleo send`: what is said to be sent was sent."""

import asyncio
from pathlib import Path

import pytest
from tests.support.fake_bridge import FakeBridge, Trouble

from cleo.app.cli.send import run
from cleo.app.runfile import keep_runfile
from cleo.domain.errors import CleoError

SECRET = "s3cret-of-both"


async def test_a_message_goes_out_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLEO_DATA", str(tmp_path))
    monkeypatch.setenv("WHATSAPP_WEBHOOK_SECRET", SECRET)
    async with FakeBridge(secret=SECRET) as bridge:
        bridge.proves = SECRET
        with keep_runfile(tmp_path, url="http://127.0.0.1:1", bridge=bridge.url):
            await asyncio.to_thread(run, to="+4915112345678", text="hello")
            assert "✓ Sent (1 message)." in capsys.readouterr().out
            bridge.troubles.append(Trouble(status=422))
            with pytest.raises(CleoError):
                await asyncio.to_thread(run, to="+4915112345678", text="hello")
    assert capsys.readouterr().out == ""
    assert len(bridge.bubbles) == 1
