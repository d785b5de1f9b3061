"""What a backend says that it can do is what it has methods for."""

import pytest

from cleo.channels.whatsapp import BACKENDS
from cleo.channels.whatsapp.backend import (
    ForeseesIds,
    Reacts,
    Reads,
    SendsChoices,
    SendsPlaces,
    SendsTemplates,
    Types,
)
from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.channels.whatsapp.cloud.client import WhatsAppCloudClient

CLIENTS = {"baileys": WhatsAppBridgeClient, "cloud": WhatsAppCloudClient}


def test_every_backend_says_it() -> None:
    assert CLIENTS.keys() == BACKENDS.keys()


@pytest.mark.parametrize("name", BACKENDS)
def test_what_is_said_and_what_is_there_agree(name: str) -> None:
    said, there = BACKENDS[name].capabilities(), CLIENTS[name]
    assert said.reactions == issubclass(there, Reacts)
    assert said.places == issubclass(there, SendsPlaces)
    assert said.templates == issubclass(there, SendsTemplates)
    assert (said.choice_limits is not None) == issubclass(there, SendsChoices)
    assert (said.typing is not None) == issubclass(there, Types)
    assert (said.on_repeat == "deduplicated") == issubclass(there, ForeseesIds)
    assert bool(said.typing and said.typing.marks_read) == issubclass(there, Reads)
    assert not said.edits, "nothing is there that changes what was said"
    assert "failed" in said.receipts and said.advice
