"""Everything that exists in the fake: numbers, phones, messages, files, and the time."""

import base64
import random
import re
import time
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud_simulator.entities.business import Business
from cloud_simulator.entities.media import INBOUND_LIVES, UPLOAD_LIVES, URL_LIVES, MediaFile, MediaStore
from cloud_simulator.entities.phone import Phone
from cloud_simulator.entities.template import Template
from cloud_simulator.errors import GraphError
from cloud_simulator.event_log import Ledger, Line
from cloud_simulator.faults import Faults

WINDOW = 24 * 3600.0
"""Seconds for which a user's message allows any answer."""


class Knobs(BaseModel):
    """How the fake behaves without faults; times in seconds."""

    model_config = ConfigDict(extra="forbid")

    window: Literal["sync", "async", "off"] = "async"
    """How a message outside the window is refused: at once, or by a failed status; or not at all."""
    pair_burst: int = Field(default=0, ge=0)
    """Messages to one person at once before 131056; 0: no limit."""
    pair_seconds: float = Field(default=6.0, gt=0)
    """After the burst, one message in this time."""
    first_retry: float = Field(default=0.2, ge=0)
    """Pause after the first webhook that was not taken; it doubles."""
    longest_retry: float = Field(default=2.0, ge=0)
    answer_seconds: float = Field(default=5.0, gt=0)
    """How long a webhook may take to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A message that exists."""

    id: str
    number: str
    phone: Phone | None
    inbound: bool
    kind: str
    at: float
    text: str = ""
    voice: bool = False
    ref: str | None = None
    to_phone: bool = True
    """Addressed by phone number, not by user id."""
    category: str = "service"


class World:
    """One WhatsApp. The same seed gives the same ids."""

    def __init__(self, seed: int = 0, knobs: Knobs | None = None) -> None:
        self.rng = random.Random(seed)
        self.knobs = knobs or Knobs()
        self.shift = 0.0
        self.businesses: dict[str, Business] = {}
        self.phones: list[Phone] = []
        self.messages: dict[str, Known] = {}
        self.templates: dict[str, list[Template]] = {}
        self.media = MediaStore()
        self.faults = Faults()
        self.log = Ledger()
        self.media_host = ""
        self.foreign_host = ""
        self._windows: dict[tuple[str, str], float] = {}
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}

    def now(self) -> float:
        """Unix seconds of the fake's own clock."""
        return time.time() + self.shift

    def note(self, line: Line) -> None:
        """Write into the ground truth."""
        self.log.add(line)

    def phone(self, name: str) -> Phone | None:
        """Find a phone by its id, number or user id."""
        return next((phone for phone in self.phones if phone.answers_to(name)), None)

    def dialled(self, to: str) -> Phone | None:
        """Find a phone by a number as people write it."""
        return self.phone(digits(to))

    def add_business(self, business: Business) -> None:
        """Register a number, or change it."""
        self.businesses[business.phone_number_id] = business
        self.templates.setdefault(business.waba_id, [Template(name="hello_world", id=self.serial())])

    def add_file(self, number: str, data: bytes, mimetype: str, filename: str, *, inbound: bool) -> MediaFile:
        """Keep a file."""
        until = self.now() + (INBOUND_LIVES if inbound else UPLOAD_LIVES)
        file = MediaFile(
            id=self.serial(), number=number, data=data, mimetype=mimetype, filename=filename, until=until,
            inbound=inbound,
        )  # fmt: skip
        self.media.files[file.id] = file
        return file

    def url(self, file: MediaFile, seconds: float = URL_LIVES) -> str:
        """Give out a short-lived URL."""
        token = self._random(12)
        self.media.urls[token] = (file.id, self.now() + seconds)
        return f"{self.media_host}/media-host/{token}"

    def template(self, waba: str, name: str, language: str) -> Template:
        """Find a template; raises `GraphError`."""
        for template in self.templates.get(waba, []):
            if (template.name, template.language) == (name, language):
                return template
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")

    def heard(self, number: str, phone: Phone) -> None:
        """Open the window: a user wrote."""
        self._windows[number, phone.id] = self.now()

    def window_open(self, number: str, phone: Phone) -> bool:
        """Tell whether the user wrote within a day."""
        return self._windows.get((number, phone.id), -WINDOW) + WINDOW > self.now()

    def take_pair(self, number: str, phone: str) -> None:
        """Count a message to somebody; raises `GraphError` when they come too fast."""
        burst = self.knobs.pair_burst
        if not burst:
            return
        left, since = self._pairs.get((number, phone), (float(burst), self.now()))
        left = min(burst, left + (self.now() - since) / self.knobs.pair_seconds)
        if left < 1:
            raise GraphError(131056)
        self._pairs[number, phone] = (left - 1, self.now())

    def wamid(self) -> str:
        """Make up a message id."""
        return f"wamid.{base64.b64encode(self.rng.randbytes(27)).decode()}"

    def serial(self) -> str:
        """Make up an id of digits, as things have at Graph."""
        return str(self.rng.randrange(10**14, 10**15))

    def user_id(self, country: str = "US") -> str:
        """Make up a business-scoped user id."""
        return f"{country}.{self.rng.randrange(10**11, 10**12)}"

    def trace(self) -> str:
        """Make up an `fbtrace_id`."""
        return "A" + self._random(11)

    def _random(self, size: int) -> str:
        return base64.urlsafe_b64encode(self.rng.randbytes(size)).decode().rstrip("=")


def digits(number: str) -> str:
    """Read a number as people write it."""
    return re.sub(r"\D", "", number)
