"""The wire between agent and bridge: every body that crosses it, in both directions.

This file owns the contract. `make contract` turns it into `contract/bridge.schema.json` and the bridge's
TypeScript types; `contract/examples/` holds golden bodies that both sides read in their tests.

The names `from, messageId, text, media, timestamp, senderId, reaction, reactsToMessageId`, the paths
`POST /api/whatsapp/webhook`, `GET /health`, `POST /send`, `POST /send-media` and the header
`X-Webhook-Secret` come from Cleo's first specification and never change. Everything else is optional:
an event or a bridge that knows only those names works.
"""

import hashlib
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

KEY_HEADER = "Idempotency-Key"

MAX_WEBHOOK_BYTES = 1024 * 1024
"""Largest webhook body that the agent reads."""

_PHONE_PUNCTUATION = re.compile(r"[\s().\-]+")
_LOOKS_LIKE_PHONE = re.compile(r"^\+?[\d\s().\-]{5,32}$")


def _tidy_address(value: object) -> object:
    """Take the punctuation out of a phone number; leave a JID alone."""
    if isinstance(value, str) and _LOOKS_LIKE_PHONE.match(value):
        return _PHONE_PUNCTUATION.sub("", value)
    return value


def _whole_number(value: object) -> object:
    """Refuse what Python would take for a number: `true`, `"17"`. A JSON `1.0` is the integer 1."""
    if isinstance(value, bool | str):
        raise ValueError("must be a JSON number")
    return value


MessageId = Annotated[str, StringConstraints(pattern=r"^[!-.0-~]{1,128}$")]
"""A WhatsApp message id: 1–128 visible ASCII characters without a slash. Never used as a path."""

Address = Annotated[
    str, BeforeValidator(_tidy_address), StringConstraints(pattern=r"^[+0-9A-Za-z][0-9A-Za-z_.:@\-]{0,127}$")
]
"""A JID (`…@s.whatsapp.net`, `…@lid`, `…@g.us`) or a phone number in any usual spelling."""

Milliseconds = Annotated[int, BeforeValidator(_whole_number), Field(ge=0, lt=2**53)]
Label = Annotated[str, StringConstraints(max_length=1024)]
Words = Annotated[str, StringConstraints(max_length=128 * 1024)]
"""What people write: twice what WhatsApp lets them."""

MediaKind = Literal["image", "video", "audio", "voice", "document", "sticker"]
EventKind = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
ReceiptState = Literal["sent", "delivered", "read", "played", "failed"]


def message_id_for(key: str) -> str:
    """Return the WhatsApp message id of a send with this `Idempotency-Key`: `3EB0` and 18 hex digits of its SHA-256.

    So a repeated send repeats the id, and WhatsApp itself shows one bubble. A bridge written from the first
    specification chooses ids of its own; the id in its answer is the one that counts.
    """
    return "3EB0" + hashlib.sha256(key.encode()).hexdigest()[:18].upper()


class Wire(BaseModel):
    """Base of all bodies: camelCase on the wire, unknown fields ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )


class Media(Wire):
    """An attachment. `url` is fetched by the agent from the bridge's own origin, with the secret."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    mimetype: Label | None = None
    filename: Label | None = None
    size: Annotated[int, BeforeValidator(_whole_number), Field(ge=0, lt=2**53)] | None = None
    """Size in bytes."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    seconds: Annotated[int, Field(ge=0)] | None = None
    """Length of audio or video."""


class Quoted(Wire):
    """The message that a person replied to."""

    message_id: MessageId
    sender_id: Address | None = None
    text: Words | None = None


class Place(Wire):
    """A shared location in degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    name: Label | None = None
    address: Label | None = None


class InboundEvent(Wire):
    """One thing that happened on WhatsApp; the body of `POST /api/whatsapp/webhook`.

    The fields up to `reacts_to_message_id` are the first specification's.
    """

    from_: Annotated[Address, Field(alias="from")]
    """JID or phone number of the chat: the other person, or the group."""
    message_id: MessageId
    text: Words | None = None
    """Text, or the caption of `media`."""
    media: Media | None = None
    timestamp: Milliseconds
    """Unix time in milliseconds."""
    sender_id: Address | None = None
    """Who wrote it; missing means `from`."""
    reaction: Annotated[str, StringConstraints(max_length=64)] | None = None
    """An emoji; the empty string means that the reaction was taken back."""
    reacts_to_message_id: MessageId | None = None

    kind: EventKind | None = None
    """What it is, when the fields above do not say: a media kind, `location`, `poll`, `edit`, `revoke`, …
    A kind that the agent does not know is kept under its name."""
    account: Annotated[str, StringConstraints(max_length=128)] | None = None
    """Which WhatsApp number of the bridge received it."""
    seq: Annotated[int, Field(ge=0)] | None = None
    """The bridge's running number; grows in arrival order."""
    from_me: bool | None = None
    """Written by the account's own phone: context, never a request."""
    is_group: bool | None = None
    sender_name: Label | None = None
    """The name that the sender chose. A label, never an identity."""
    sender_aliases: Annotated[tuple[Address, ...], Field(max_length=8)] = ()
    """Other verified addresses of the same sender, such as the phone JID of a LID."""
    quoted: Quoted | None = None
    forwarded: bool | None = None
    offline: bool | None = None
    """It waited at WhatsApp while the bridge was away."""
    edits: MessageId | None = None
    """`text` replaces this earlier message."""
    revokes: MessageId | None = None
    """This earlier message was deleted for everyone."""
    location: Place | None = None
    receipt: ReceiptState | None = None
    """Delivery state of the messages in `receipt_for`, which Cleo sent."""
    receipt_for: Annotated[tuple[MessageId, ...], Field(max_length=1000)] = ()
    reason: Label | None = None
    """Why a `failed` receipt failed."""
    mentions: Annotated[tuple[Address, ...], Field(max_length=1024)] = ()
    """People whom the text names (`@…`), or whom a change of the group is about."""
    chosen_id: Label | None = None
    """The sender's own name of the row or button that was chosen; `text` is what was shown."""
    referral: Words | None = None
    """What stood in the advertisement from which the person came."""


class WebhookAnswer(Wire):
    """The agent's 200: the event is on disk."""

    status: Literal["accepted", "duplicate", "ignored"]


class SendText(Wire):
    """Body of `POST /send`."""

    to: Address
    text: Annotated[str, StringConstraints(min_length=1, max_length=65536)]
    quoted: Quoted | None = None
    """Send as a reply to this message."""


class SendMedia(Wire):
    """Fields of `POST /send-media`: JSON with `url`, or multipart with a part named `file`.

    In multipart every field is a text part under its own name and stands before `file`; `quoted` is its JSON.
    """

    to: Address
    kind: MediaKind | None = None
    """Missing: taken from the mimetype."""
    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)] | None = None
    """Where the bridge fetches the file: only on the agent's own origin."""
    mimetype: Label | None = None
    filename: Label | None = None
    caption: Words | None = None
    seconds: Annotated[int, Field(ge=0)] | None = None
    quoted: Quoted | None = None


class React(Wire):
    """Body of `POST /react`: set Cleo's reaction on a message; an empty emoji takes it back."""

    to: Address
    message_id: MessageId
    emoji: Annotated[str, StringConstraints(max_length=64)]
    from_me: bool = False
    """The message was written by Cleo."""
    sender_id: Address | None = None
    """Author of the message; needed in groups."""


class Typing(Wire):
    """Body of `POST /typing`."""

    to: Address
    state: Literal["composing", "recording", "paused"] = "composing"


class Read(Wire):
    """Body of `POST /read`: blue ticks for messages of one chat."""

    to: Address
    message_ids: Annotated[tuple[MessageId, ...], Field(min_length=1, max_length=1000)]
    sender_id: Address | None = None
    """Author of the messages; needed in groups."""


class SendAnswer(Wire):
    """The bridge's 200: WhatsApp's server acknowledged the message."""

    message_id: MessageId
    timestamp: Milliseconds | None = None
    repeated: bool = False
    """The key was known: this is the first answer again, nothing was sent now."""


class BridgeError(Wire):
    """Body of every bridge answer that is not 2xx.

    400/404/413/415/422: it will never be sent. 401/403: the secret is wrong. 409: the key was used for
    another body. 429/503: nothing was sent, try again after `Retry-After`. 504: it may have been sent;
    repeat with the same key.
    """

    error: str
    """A stable word for programs, such as `not_connected`, `no_ack`, `refused`, `bad_request`."""
    message: str
    """What happened and what to do, for people."""
    code: int | None = None
    """WhatsApp's own number for it, such as 463."""


ConnectionState = Literal["starting", "linking", "connecting", "connected", "waiting", "stopped"]


class HealthAnswer(Wire):
    """Answer of `GET /health`. Without the secret only `state`, `code` and `message`: no number, no QR."""

    state: ConnectionState
    code: int | None = None
    """WhatsApp's last close code, such as 440 or 515."""
    message: str
    """The state in one human sentence, with what to do."""
    account: str | None = None
    """The linked number, as a JID."""
    spool: Annotated[int, Field(ge=0)] | None = None
    """Events that wait for the agent."""
    dead_letters: Annotated[int, Field(ge=0)] | None = None
    version: str | None = None
    counters: dict[str, int] | None = None
    """What happened since the bridge started, by name."""
    restriction: str | None = None
    """What WhatsApp does not let this number do now, in one sentence."""
    web_version: str | None = None
    """The version of WhatsApp Web that the bridge names, such as `2.3000.1043857760`."""
    web_version_from: Literal["setting", "current", "last_good", "bundled"] | None = None
    """Where that version comes from."""
    proxy: str | None = None
    """Host and port of the proxy on the way to WhatsApp."""
    proof: str | None = None
    """Hex HMAC-SHA256 with the secret over `cleo-bridge-health:` and the request's `X-Bridge-Challenge`
    (16–128 visible ASCII characters): this process knows the secret."""


class LinkAnswer(Wire):
    """Answer of `GET /link` and `POST /link`: how to link a phone right now."""

    state: Literal["linked", "qr", "code", "waiting", "stopped"]
    qr: str | None = None
    """Text of the QR code."""
    code: str | None = None
    """Eight characters to type on the phone."""
    seconds_left: Annotated[int, Field(ge=0)] | None = None
    message: str


class LinkByCode(Wire):
    """Body of `POST /link`: ask for a pairing code for this phone number."""

    phone: Address


class DeadLetter(Wire):
    """An event that the agent refused for good; kept by the bridge for its owner."""

    seq: int
    status: int
    """The agent's HTTP status."""
    reason: str
    at: Milliseconds
    event: dict[str, Any]


class DeadLetters(Wire):
    """Answer of `GET /dead-letters`."""

    dead_letters: tuple[DeadLetter, ...]


BODIES: tuple[type[Wire], ...] = (
    InboundEvent,
    WebhookAnswer,
    SendText,
    SendMedia,
    React,
    Typing,
    Read,
    SendAnswer,
    BridgeError,
    HealthAnswer,
    LinkAnswer,
    LinkByCode,
    DeadLetters,
)
"""Every top-level body, in the order of the schema."""
