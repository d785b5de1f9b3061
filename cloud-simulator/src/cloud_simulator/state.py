"""The state of the simulation: numbers, phones, messages, files, and the time."""

import base64
import random
import re
import time

from cloud_simulator.config import Config
from cloud_simulator.entities.business import Business
from cloud_simulator.entities.media import INBOUND_LIVES, UPLOAD_LIVES, URL_LIVES, MediaFile, MediaStore
from cloud_simulator.entities.message import Message
from cloud_simulator.entities.phone import Phone
from cloud_simulator.entities.template import Template
from cloud_simulator.errors import GraphError
from cloud_simulator.event_log import EventLog, LogEntry
from cloud_simulator.faults import Faults

WINDOW = 24 * 3600.0
"""Seconds after a user's message in which a business may send any message."""


class State:
    """Everything in memory. The same seed gives the same ids."""

    def __init__(self, seed: int = 0, config: Config | None = None) -> None:
        self.rng = random.Random(seed)
        self.config = config or Config()
        self.shift = 0.0
        self.businesses: dict[str, Business] = {}
        self.phones: list[Phone] = []
        self.messages: dict[str, Message] = {}
        self.templates: dict[str, list[Template]] = {}
        self.media = MediaStore()
        self.faults = Faults()
        self.log = EventLog()
        self.media_host = ""
        self.foreign_host = ""
        self._windows: dict[tuple[str, str], float] = {}
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}

    def now(self) -> float:
        """Return Unix seconds by the simulated clock."""
        return time.time() + self.shift

    def record(self, entry: LogEntry) -> None:
        """Append to the event log."""
        self.log.add(entry)

    def phone(self, name: str) -> Phone | None:
        """Find a phone by its id, number or user id."""
        return next((phone for phone in self.phones if phone.answers_to(name)), None)

    def phone_by_number(self, number: str) -> Phone | None:
        """Find a phone by its number in any notation, such as `+49 151 …`."""
        return self.phone(digits(number))

    def add_business(self, business: Business) -> None:
        """Register a number, or replace it."""
        self.businesses[business.phone_number_id] = business
        self.templates.setdefault(business.waba_id, [Template(name="hello_world", id=self.new_id())])

    def add_file(self, number: str, data: bytes, mimetype: str, filename: str, *, inbound: bool) -> MediaFile:
        """Store a file under a new id."""
        until = self.now() + (INBOUND_LIVES if inbound else UPLOAD_LIVES)
        file = MediaFile(
            id=self.new_id(), number=number, data=data, mimetype=mimetype, filename=filename, until=until,
            inbound=inbound,
        )  # fmt: skip
        self.media.files[file.id] = file
        return file

    def new_media_url(self, file: MediaFile, seconds: float = URL_LIVES) -> str:
        """Return a URL of a file that is valid for some seconds."""
        token = self._random(12)
        self.media.urls[token] = (file.id, self.now() + seconds)
        return f"{self.media_host}/media-host/{token}"

    def template(self, waba: str, name: str, language: str) -> Template:
        """Find a template; raises `GraphError`."""
        for template in self.templates.get(waba, []):
            if (template.name, template.language) == (name, language):
                return template
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")

    def open_window(self, number: str, phone: Phone) -> None:
        """Start the 24 hours in which the business may answer."""
        self._windows[number, phone.id] = self.now()

    def is_window_open(self, number: str, phone: Phone) -> bool:
        """Return whether the user wrote within 24 hours."""
        return self._windows.get((number, phone.id), -WINDOW) + WINDOW > self.now()

    def count_for_pair(self, number: str, phone: str) -> None:
        """Count a message from a number to a phone; raises `GraphError` above the pair rate limit."""
        burst = self.config.pair_burst
        if not burst:
            return
        left, since = self._pairs.get((number, phone), (float(burst), self.now()))
        left = min(burst, left + (self.now() - since) / self.config.pair_seconds)
        if left < 1:
            raise GraphError(131056)
        self._pairs[number, phone] = (left - 1, self.now())

    def new_wamid(self) -> str:
        """Make up a message id."""
        return f"wamid.{base64.b64encode(self.rng.randbytes(27)).decode()}"

    def new_id(self) -> str:
        """Make up an id of 15 digits."""
        return str(self.rng.randrange(10**14, 10**15))

    def new_user_id(self, country: str = "US") -> str:
        """Make up a business-scoped user id."""
        return f"{country}.{self.rng.randrange(10**11, 10**12)}"

    def new_trace_id(self) -> str:
        """Make up an `fbtrace_id`."""
        return "A" + self._random(11)

    def _random(self, size: int) -> str:
        return base64.urlsafe_b64encode(self.rng.randbytes(size)).decode().rstrip("=")


def digits(number: str) -> str:
    """Return the digits of a number in any notation."""
    return re.sub(r"\D", "", number)
