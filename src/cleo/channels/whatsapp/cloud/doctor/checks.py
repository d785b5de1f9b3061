"""All checks of the Cloud API, in order."""

from cleo.channels.whatsapp.backend_spec import BackendContext
from cleo.channels.whatsapp.cloud.doctor.account import fallback, subscription
from cleo.channels.whatsapp.cloud.doctor.callback import callback
from cleo.channels.whatsapp.cloud.doctor.graph_query import origin_of
from cleo.channels.whatsapp.cloud.doctor.number import ask_number, number, version
from cleo.channels.whatsapp.cloud.doctor.token import token
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.ports.finding import Findings, note


def cloud(context: BackendContext) -> Findings:
    """Check all of it; raises `ConfigError` for settings that are missing, and `CleoError` when Meta is away."""
    settings = CloudSettings.of(context.settings)
    origin_of(settings)
    if context.is_offline:
        yield note("Meta was not asked", "Without --offline, it is.")
        return
    yield from version(settings)
    about_token = list(token(settings))
    yield from about_token
    if any(finding.grade == "bad" for finding in about_token):
        yield note("Nothing else was asked of Meta: that needs a good token")
        return
    response, told = ask_number(settings)
    yield from number(response, told)
    if response.is_success:
        yield from callback(context, told.callback)
    yield from subscription(settings)
    yield from fallback(settings)


CHECKS = (cloud,)
