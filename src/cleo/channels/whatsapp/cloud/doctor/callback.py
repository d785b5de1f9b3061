"""Does Cleo answer at the callback URL?"""

import hmac
import re
import secrets

import httpx2

from cleo.channels.whatsapp.backend import PATH
from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.ports.finding import Finding, Findings, bad, good, note

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_FORM = f"app dashboard → WhatsApp → Configuration → Callback URL: https://your.domain{PATH}"
_IN_FRONT = (
    "What stands in front must pass GET and POST on unchanged, also without a browser: no login, no warning page, "
    "no bot filter or web application firewall."
)


def callback(context: BackendContext, text: str) -> Findings:
    """Do Meta's handshake with the URL that Meta has."""
    if not text:
        yield bad("Meta has no callback URL for this number, so nothing that people write arrives", _FORM)
        return
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError):
        yield bad("The callback URL that Meta has is none", _FORM)
        return
    shown = f"{url.scheme}://{url.host}{f':{url.port}' if url.port else ''}{url.path}"
    if url.scheme != "https" and not _LOOPBACK.fullmatch(url.host):
        yield bad(f"The callback {shown} is not https; Meta needs https with a public certificate", _FORM)
        return
    yield _handshake(context, url, shown)


def _handshake(context: BackendContext, url: httpx2.URL, shown: str) -> Finding:
    word = CloudSettings.of(context.settings).credentials().verify_token.get_secret_value()
    challenge = secrets.token_hex(8)
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": word}
    try:
        with httpx2.Client(timeout=10, trust_env=False, follow_redirects=False) as http:
            response = http.get(url.copy_merge_params(asked))
    except httpx2.HTTPError as error:
        return _no_response(context, shown, error)
    if response.status_code == 200 and hmac.compare_digest(response.content, challenge.encode()):
        return good(f"The callback {shown} answers Meta's handshake")
    if response.status_code == 403:
        fix = f"Meta's form and WHATSAPP_CLOUD_VERIFY_TOKEN must have the same word. {_IN_FRONT}"
        return bad(f"The callback {shown} refuses the handshake (403)", fix)
    if response.status_code in {502, 503, 504}:
        return _unreachable(context, f"{shown} answers {response.status_code}: nothing behind it listens")
    fix = f"It must lead to this Cleo's {PATH}. {_IN_FRONT}"
    return bad(f"The callback {shown} is not answered by Cleo (it answered {response.status_code})", fix)


def _no_response(context: BackendContext, shown: str, error: httpx2.HTTPError) -> Finding:
    return _unreachable(context, f"{shown} cannot be reached from here ({type(error).__name__})")


def _unreachable(context: BackendContext, what: str) -> Finding:
    """Return a note or a bad finding, by whether Cleo runs."""
    if not context.is_running:
        what = f"The callback {what}; no Cleo runs on {context.data} now"
        return note(what, "Start it, then look again: cleo up")
    return bad(
        f"The callback {what}",
        "Check name, certificate and the proxy or tunnel in front of Cleo. Some networks cannot reach their own "
        "public address: then try it from outside, for example with a phone's browser.",
    )
