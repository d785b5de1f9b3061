"""The settings of the bridge."""

from pydantic import Field

from cleo.channels.http.base_url import BaseUrl
from cleo.channels.whatsapp.backend_settings import BackendSettings


class BridgeSettings(BackendSettings):
    """The fields of the bridge. Those that the bridge itself reads are in its own `config.ts`."""

    whatsapp_bridge_url: BaseUrl | None = Field(None, examples=["http://localhost:3001"])
    """Base URL of a bridge that runs elsewhere. Not set: `cleo up` starts and keeps its own."""
