"""Queries of Meta's Graph API, with Cleo's own token, and only where it may be seen."""

import asyncio

import httpx2

from cleo.channels.whatsapp.cloud.outbound.graph import Graph
from cleo.channels.whatsapp.cloud.outbound.origin import GraphOrigin
from cleo.channels.whatsapp.cloud.outbound.responses import GraphResponse
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.domain.errors import CleoError

_SECONDS = 10.0
_UNKNOWN = 100
"""Graph's code for what there is not, or what the token may not see."""


def origin_of(settings: CloudSettings) -> GraphOrigin:
    """Return where to ask; raises `ConfigError`, which names all that is missing or wrong."""
    needed = settings.credentials()
    return GraphOrigin(
        settings.whatsapp_cloud_base_url,
        api_version=settings.whatsapp_cloud_api_version,
        phone_number_id=needed.phone_number_id,
        token=needed.token,
    )


def ask(origin: GraphOrigin, url: httpx2.URL) -> GraphResponse:
    """Ask once; raises `CleoError` when nobody answers."""
    return asyncio.run(_ask(origin, url))


async def _ask(origin: GraphOrigin, url: httpx2.URL) -> GraphResponse:
    graph = Graph(origin, timeout=_SECONDS)
    try:
        return await graph.ask(url)
    except httpx2.HTTPError as error:
        raise CleoError(
            f"Meta's server at {origin} does not answer ({type(error).__name__}). Is this machine online, and is "
            "WHATSAPP_CLOUD_BASE_URL right?"
        ) from None
    finally:
        await graph.close()


def is_unknown_node(response: GraphResponse) -> bool:
    """Return whether Graph knows no such node, or does not show it to this token."""
    return response.error is not None and response.error.code == _UNKNOWN


def reason_of_failure(response: GraphResponse) -> str:
    """Return why a query failed, for people."""
    if response.error:
        return response.error.reason
    return f"Meta's server answered {response.status}, without a reason."
