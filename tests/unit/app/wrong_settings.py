"""Settings and commands that are refused."""

from collections.abc import Mapping, Sequence

_CLOUD = {
    "WHATSAPP_BACKEND": "cloud",
    "WHATSAPP_CLOUD_PHONE_NUMBER_ID": "1001",
    "WHATSAPP_CLOUD_TOKEN": "the-token",
    "WHATSAPP_CLOUD_APP_SECRET": "the-secret",
    "WHATSAPP_CLOUD_VERIFY_TOKEN": "the-word",
}
_URLS = ("localhost:3001", "ftp://localhost", "http://", "http://localhost:3001/?a=b", "http://localhost/#a")
_PEOPLE = ("me", "0151 12345678", "+49", "+99999999999999999", "x@lid", "120363000000000001@g.us", "+49151,x")

WRONG_VALUES: Sequence[tuple[str, Sequence[str], Mapping[str, str]]] = [
    ("ENABLED_CLIENTS", ("pigeon", "whatsapp,pigeon", "telegram", " , "), {}),
    ("WHATSAPP_BACKEND", ("pigeon", "clod"), {}),
    ("WHATSAPP_BRIDGE_URL", _URLS, {}),
    ("WHATSAPP_CLOUD_PHONE_NUMBER_ID", ("+4915112345678", ""), _CLOUD),
    ("WHATSAPP_CLOUD_TOKEN", ("two words", "schlüssel", ""), _CLOUD),
    ("WHATSAPP_CLOUD_APP_SECRET", ("", "'0123456789abcdef'"), _CLOUD),
    ("WHATSAPP_CLOUD_VERIFY_TOKEN", ("", "two words"), _CLOUD),
    ("WHATSAPP_CLOUD_API_VERSION", ("26", "v26", "latest"), _CLOUD),
    (
        "WHATSAPP_CLOUD_BASE_URL",
        ("graph.facebook.com", "http://graph.facebook.com", "https://me:secret@graph.facebook.com"),
        _CLOUD,
    ),
    ("WHATSAPP_CLOUD_FALLBACK_TEMPLATE", ("hello", "Hello World:en", "hello:English"), _CLOUD),
    ("WHATSAPP_CLOUD_CHAT_SECONDS", ("soon", "-1", "601"), _CLOUD),
    ("WHATSAPP_CLOUD_DOUBT_SECONDS", ("soon", "0", "3601"), _CLOUD),
    (
        "WHATSAPP_WEBHOOK_SECRET",
        ("", "gehéim", '"hunter22"', "hunter 22", " hunter22", "hunter22\n", "x" * 513),
        {},
    ),
    ("CLEO_HOST", ("192.0.2.1",), {"WHATSAPP_WEBHOOK_SECRET": "hunter22"}),
    ("CLEO_PORT", ("eighty", "-1", "70000", "80.5"), {}),
    ("CLEO_API_URL", _URLS, {}),
    ("CLEO_ALLOWED_HOSTS", ("https://cleo.example.org", "cleo:8000", "a/b", "two words"), {}),
    ("CLEO_DATA", ("a-file",), {}),
    ("DATABASE_URL", ("mysql://localhost/cleo", "cleo.db", "sqlite:///a-file/cleo.db"), {}),
    ("CLEO_ENGINE", ("steam", "procrastinate"), {}),
    ("CLEO_MODEL", ("gpt", "openai:gpt", "anthropic:claude", "google:gemini", "nobody:gpt", "openai:"), {}),
    ("CLEO_STREAM", ("perhaps",), {}),
    ("CLEO_TOOLS", ("no_such_module", "nowhere/tools.py", "json"), {}),
    ("CLEO_MODEL_FALLBACK", ("nobody:gpt",), {}),
    ("CLEO_MODEL_PATIENCE", ("long", "-1"), {}),
    ("CLEO_CONTEXT_TOKENS", ("many", "10"), {}),
    ("CLEO_MAX_STEPS", ("many", "0"), {}),
    ("CLEO_MAX_TOKENS", ("many", "0", "1.5"), {}),
    ("CLEO_MAX_COST", ("much", "0", "-1"), {}),
    ("CLEO_OWNERS", _PEOPLE, {}),
    ("CLEO_ALLOWED_USERS", _PEOPLE, {}),
    ("CLEO_ALLOWED_GROUPS", ("my friends", "+4915112345678"), {}),
    ("CLEO_CONFIRM_MINUTES", ("long", "0", "1441"), {}),
    ("CLEO_TIMEZONE", ("Mars/Olympus", "../zone", "CEST"), {}),
    ("CLEO_FILE_MAX_BYTES", ("64 MB", "0"), {}),
    ("CLEO_INBOX_MAX", ("all", "0"), {}),
    ("CLEO_KEEP_DAYS", ("ever", "7", "36501"), {}),
    ("CLEO_LOOP_TURNS", ("many", "-1", "1001"), {}),
    ("CLEO_LOG", ("loud", "INFO"), {}),
    ("CLEO_FAIL", ("nowhere:kill", "deliver.after_send:shout", "deliver.after_send:kill@0"), {}),
]
"""For each setting: values that are wrong, and what must be set besides so that it matters."""

ANYTHING_GOES = ["WHATSAPP_CLOUD_WABA_ID", "CLEO_INSTRUCTIONS"]
"""Settings that `cleo up` takes as they are; the first is judged by `cleo doctor` alone."""

_POSTGRES = {"DATABASE_URL": "postgresql://cleo@127.0.0.1:1/cleo"}

WRONG_COMMANDS: Sequence[tuple[Sequence[str], Mapping[str, str]]] = [
    (["fly"], {}),
    (["up", "--fast"], {}),
    (["up", "--phone", "me"], {}),
    (["up"], {"WHATSAPP_WEBHOOK_SECRET_FILE": "nowhere"}),
    (["api"], {}),
    (["api"], {**_POSTGRES, "CLEO_ENGINE": "inprocess"}),
    (["api"], {**_POSTGRES, "CLEO_PORT": "0"}),
    (["api"], {**_POSTGRES, "CLEO_HOST": "0.0.0.0"}),
    (["worker"], {"DATABASE_URL": "sqlite:///x.db"}),
    (["worker"], _POSTGRES),
    (["migrate"], {}),
    (["migrate", "--to", "sqlite:///x.db"], {}),
    (["migrate", "--to", "postgresql://x/y"], {}),
    (["demo", "--backend", "pigeon"], {}),
    (["demo", "--script", "nowhere.script"], {}),
    (["status"], {}),
    (["doctor", "--message", "wamid.A"], {}),
    (["doctor", "--message", "wamid.A"], {"WHATSAPP_BACKEND": "cloud"}),
    (["send", "0151", "hi"], {}),
    (["send", "+4915112345678", "hi"], {}),
    (["send", "+4915112345678", "hi"], _CLOUD),
    (["outbox"], {}),
    (["outbox", "--limit", "0"], {}),
]
