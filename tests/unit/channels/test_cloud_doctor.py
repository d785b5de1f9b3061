"""`cleo doctor` for the Cloud API: each finding, with its fix, on the fake Graph server."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cleo.app.doctor.context import doctor_context
from cleo.app.runfile import keep_runfile
from cleo.app.settings import Settings, load
from cleo.channels.whatsapp.cloud.doctor.checks import CHECKS
from cleo.channels.whatsapp.cloud.doctor.history import history
from cleo.channels.whatsapp.cloud.doctor.number import NEWEST
from cleo.ports.finding import Finding, run_checks
from cloud_harness import ANN, NUMBER, SECRET, TOKEN, Harness, running_harness

pytestmark = pytest.mark.usefixtures("bare_environment")

WORD = "the-verify-token"
WABA = "9001"


@dataclass
class Office:
    """The doctor's, with the fake Graph server as Meta."""

    harness: Harness
    settings: dict[str, Any]

    def load(self, **more: Any) -> Settings:
        return load(**{**self.settings, **more})

    async def findings(self, **more: Any) -> list[Finding]:
        settings = self.load(**more)
        return await asyncio.to_thread(lambda: list(run_checks(CHECKS, doctor_context(settings))))

    async def finds(self, grade: str, what: str, fix: str = "", **more: Any) -> None:
        """Expect a finding; `grade` good: it has no fix."""
        findings = await self.findings(**more)
        found = [finding for finding in findings if what in finding.what]
        assert [finding.grade for finding in found] == [grade], findings
        assert fix in found[0].fix, found[0].fix
        assert bool(found[0].fix) == (grade != "good")
        self.keeps_secrets(findings)

    @staticmethod
    def keeps_secrets(findings: list[Finding]) -> None:
        said = "".join(finding.what + finding.fix for finding in findings)
        assert [secret for secret in (TOKEN, SECRET, WORD) if secret in said] == []


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    async with running_harness() as harness:
        settings = {
            "whatsapp_backend": "cloud",
            "whatsapp_cloud_phone_number_id": NUMBER,
            "whatsapp_cloud_token": TOKEN,
            "whatsapp_cloud_app_secret": SECRET,
            "whatsapp_cloud_verify_token": WORD,
            "whatsapp_cloud_waba_id": WABA,
            "whatsapp_cloud_base_url": harness.simulator.base_url,
            "whatsapp_cloud_fallback_template": "hello_world:en_US",
            "cleo_data": tmp_path,
        }
        yield Office(harness, settings)


async def test_all_is_well(office: Office) -> None:
    findings = await office.findings()
    assert [finding for finding in findings if finding.grade != "good"] == []
    said = "\n".join(finding.what for finding in findings)
    for part in (NEWEST, "token is valid", "connected", "GREEN", "nothing that keeps it", "handshake"):
        assert part in said
    assert "is told to: Cleo" in said
    assert "hello_world in en_US is approved" in said
    office.keeps_secrets(findings)


async def test_settings_that_are_missing_are_named_and_nothing_is_asked(office: Office) -> None:
    asked = len(await office.harness.log("call"))
    findings = await office.findings(whatsapp_cloud_token=None, whatsapp_cloud_app_secret=None)
    assert [finding.grade for finding in findings] == ["bad"]
    assert "needs WHATSAPP_CLOUD_TOKEN, WHATSAPP_CLOUD_APP_SECRET" in findings[0].what
    assert len(await office.harness.log("call")) == asked


@pytest.mark.parametrize(
    ("version", "grade"), [("v26.0", "good"), ("v25.0", "good"), ("v24.0", "note"), ("v27.0", "good")]
)
async def test_a_version_two_behind_is_noted(office: Office, version: str, grade: str) -> None:
    await office.finds(
        grade, version, "set v26.0" if grade == "note" else "", whatsapp_cloud_api_version=version
    )


async def test_a_token_that_is_none_is_the_only_trouble_that_is_told(office: Office) -> None:
    await office.finds("bad", "does not accept", "System users", whatsapp_cloud_token="old")
    findings = await office.findings(whatsapp_cloud_token="old")
    assert [finding.grade for finding in findings] == ["good", "bad", "note"]


@pytest.mark.parametrize(
    ("scopes", "grade", "what"),
    [
        (["whatsapp_business_management"], "bad", "lacks whatsapp_business_messaging"),
        (["whatsapp_business_messaging"], "note", "lacks whatsapp_business_management, without which"),
    ],
)
async def test_a_right_that_is_missing_is_named(
    office: Office, scopes: list[str], grade: str, what: str
) -> None:
    await office.harness.register_number(scopes=scopes)
    await office.finds(grade, what, "Generate token")


async def test_a_token_that_expires_is_told_in_days(office: Office) -> None:
    await office.harness.register_number(expires_at=int(time.time()) + 3 * 86400 + 60)
    await office.finds("note", "expires in 3 days", "never")


async def test_a_token_that_has_expired_is_told_with_how_to_make_one_that_lasts(office: Office) -> None:
    await office.harness.register_number(expires_at=int(time.time()) - 60)
    await office.finds("bad", "does not accept WHATSAPP_CLOUD_TOKEN", "expires never")


async def test_without_the_right_to_look_nothing_is_called_bad(office: Office) -> None:
    await office.harness.register_number(scopes=["whatsapp_business_messaging"])
    findings = await office.findings()
    unseen = [finding for finding in findings if "not looked at" in finding.what]
    assert [finding.grade for finding in unseen] == ["note"] * 3
    assert "bad" not in {finding.grade for finding in findings}


async def test_a_token_that_may_not_ask_about_itself_is_no_trouble(office: Office) -> None:
    await office.harness.add_fault("admin", "refuse", code=100)
    await office.finds("note", "its own rights")


async def test_meta_away_is_said_once(office: Office) -> None:
    findings = await office.findings(whatsapp_cloud_base_url="http://127.0.0.1:1")
    assert [(each.grade, "does not answer" in each.what) for each in findings[1:]] == [("bad", True)]


@pytest.mark.parametrize("code", [1, 4, 80007])
async def test_meta_busy_is_said(office: Office, code: int) -> None:
    await office.harness.add_fault("admin", "refuse", code=code, times=0)
    findings = await office.findings()
    assert findings[-1].grade == "bad"
    assert "does not tell about the token" in findings[-1].what


@pytest.mark.parametrize(
    ("change", "grade", "what", "fix"),
    [
        ({"status": "FLAGGED"}, "bad", "The number is FLAGGED", "WhatsApp Manager"),
        ({"platform_type": "ON_PREMISE"}, "bad", "not on the Cloud API (ON_PREMISE)", "Register it"),
        ({"can_send_message": "LIMITED"}, "note", "PHONE_NUMBER is LIMITED. No payment method.", "Add one."),
        ({"can_send_message": "BLOCKED"}, "bad", "PHONE_NUMBER is BLOCKED. No payment method.", "Add one."),
        ({"is_on_biz_app": True}, "note", "WhatsApp Business app", "20 messages a second"),
        ({"quality_rating": "YELLOW"}, "note", "YELLOW", "Write less"),
        ({"quality_rating": "RED"}, "bad", "RED", "Write only to people who expect it"),
    ],
)
async def test_the_number_is_judged(
    office: Office, change: dict[str, Any], grade: str, what: str, fix: str
) -> None:
    await office.harness.register_number(**change)
    await office.finds(grade, what, fix)


async def test_a_phone_number_instead_of_its_id_is_told(office: Office) -> None:
    await office.finds(
        "bad", "does not know the number", "not the phone number", whatsapp_cloud_phone_number_id=ANN
    )


async def test_an_account_that_is_not_subscribed_is_told_with_the_command_that_mends_it(
    office: Office,
) -> None:
    await office.harness.register_number(subscribed=False)
    url = f"{office.harness.simulator.base_url}/v26.0/{WABA}/subscribed_apps"
    mend = f'curl -X POST {url} -H "Authorization: Bearer $'
    await office.finds("bad", "is told to no app", mend)
    await office.harness.graph("POST", f"/{WABA}/subscribed_apps")
    await office.finds("good", "is told to: Cleo")


@pytest.mark.parametrize(
    ("account", "grade", "what"),
    [
        (None, "note", "is told to the app was not looked at"),
        ("9001/x", "bad", "must be an id in digits"),
        ("4242", "bad", "does not know the WhatsApp account"),
    ],
)
async def test_an_account_that_is_missing_or_wrong_is_told(
    office: Office, account: str | None, grade: str, what: str
) -> None:
    await office.finds(grade, what, "WHATSAPP_CLOUD_WABA_ID", whatsapp_cloud_waba_id=account)


@pytest.mark.parametrize(
    ("template", "account", "grade", "what"),
    [
        (None, WABA, "note", "No fallback template"),
        ("hello_world:en_US", None, "note", "is approved was not looked at"),
        ("hello_world:de", WABA, "bad", "hello_world in de does not exist; it is there in en_US"),
        ("nothing:en", WABA, "bad", "nothing in en does not exist"),
        ("paused:en", WABA, "bad", "paused in en is PAUSED"),
        ("named:en", WABA, "bad", "has variables"),
    ],
)
async def test_the_template_is_looked_for(
    office: Office, template: str | None, account: str | None, grade: str, what: str
) -> None:
    for name, more in (("paused", {"status": "PAUSED"}), ("named", {"body": "Hello {{1}}"})):
        await office.harness.control(
            "POST", "/templates", {"waba_id": WABA, "name": name, "language": "en", **more}
        )
    given: dict[str, Any] = {
        "whatsapp_cloud_fallback_template": template,
        "whatsapp_cloud_waba_id": account,
    }
    await office.finds(grade, what, "WHATSAPP_CLOUD_", **given)


async def test_a_number_without_a_callback_is_told_what_to_type(office: Office) -> None:
    await office.harness.register_number(callback=None, verify=False)
    await office.finds("bad", "no callback URL", "/api/whatsapp/webhook")


async def test_a_callback_without_https_is_not_told_the_word(office: Office) -> None:
    await office.harness.register_number(callback="http://cleo.example/api/whatsapp/webhook", verify=False)
    await office.finds("bad", "http://cleo.example/api/whatsapp/webhook is not https", "https://")


async def test_another_verify_token_is_told(office: Office) -> None:
    office.harness.receiver.verify_token = "another"
    await office.finds("bad", "refuses the handshake (403)", "WHATSAPP_CLOUD_VERIFY_TOKEN")


async def test_a_callback_that_somebody_else_answers_is_told(office: Office) -> None:
    url = f"{office.harness.simulator.base_url}/control/numbers?page=1"  # answers 200 with something else
    await office.harness.register_number(callback=url, verify=False)
    await office.finds("bad", "/control/numbers is not answered by Cleo", "firewall")


async def test_a_callback_that_is_no_url_is_told(office: Office) -> None:
    await office.harness.register_number(callback="https://cleo.example:port/", verify=False)
    await office.finds("bad", "that Meta has is none", "Callback URL")


async def test_a_proxy_with_nothing_behind_it_is_told_by_whether_cleo_should_be_there(
    office: Office, tmp_path: Path
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        await office.harness.register_number(callback=f"http://127.0.0.1:{port}/hook", verify=False)
        await office.finds("note", "answers 502", "cleo up")
        with keep_runfile(tmp_path, url="http://127.0.0.1:8000", bridge=""):
            await office.finds("bad", "answers 502", "proxy or tunnel")


async def test_a_callback_that_is_away_is_bad_only_while_cleo_runs(office: Office, tmp_path: Path) -> None:
    await office.harness.register_number(callback="http://127.0.0.1:1/hook", verify=False)
    await office.finds("note", "cannot be reached from here", "cleo up")
    with keep_runfile(tmp_path, url="http://127.0.0.1:8000", bridge=""):
        await office.finds("bad", "cannot be reached from here", "proxy or tunnel")


async def test_the_history_of_a_message_is_told_in_words(office: Office) -> None:
    office.harness.receiver.answers.extend([200, 500])
    id = (await office.harness.send_text("hello")).json()["messages"][0]["id"]
    await office.harness.settled()

    def asked(message: str) -> list[Finding]:
        return list(history(doctor_context(office.load()), message))

    told = await asyncio.to_thread(asked, id)
    assert [finding.grade for finding in told] == ["good", "bad", "good"]
    assert all(office.harness.callback in finding.what for finding in told)
    assert "told “sent” to" in told[0].what
    assert "not taken" in told[1].what
    assert "answered 500" in told[1].what
    unknown = await asyncio.to_thread(asked, "wamid.nothing")
    assert [(finding.grade, "nothing of such a message" in finding.what) for finding in unknown] == [
        ("bad", True)
    ]
