"""What a backend says that it can do is what it has methods for."""

import pytest

from cleo.channels.whatsapp import BACKENDS
from cleo.channels.whatsapp.backend import ForeseesIds, SendsChoices, Types
from cleo.channels.whatsapp.bridge.client import WhatsAppBridgeClient
from cleo.channels.whatsapp.cloud.client import WhatsAppCloudClient

CLIENTS = {"baileys": WhatsAppBridgeClient, "cloud": WhatsAppCloudClient}


def test_every_backend_says_it() -> None:
    assert CLIENTS.keys() == BACKENDS.keys()


@pytest.mark.parametrize("name", BACKENDS)
def test_what_is_said_and_what_is_there_agree(name: str) -> None:
    said, there = BACKENDS[name].capabilities(), CLIENTS[name]
    assert (said.choice_limits is not None) == issubclass(there, SendsChoices)
    assert (said.typing is not None) == issubclass(there, Types)
    assert (said.on_repeat == "deduplicated") == issubclass(there, ForeseesIds)
    assert (said.on_repeat == "reconciled") == (BACKENDS[name].reconcile_after is not None)
    assert said.advice
