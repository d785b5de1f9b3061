"""Is everything in order at Meta, and on the way from there?"""

from cleo.app.doctor.account import fallback, subscription
from cleo.app.doctor.callback import callback
from cleo.app.doctor.finding import Findings, note
from cleo.app.doctor.graph import origin_of
from cleo.app.doctor.number import ask_number, number, version
from cleo.app.doctor.token import token
from cleo.app.settings import Settings


def cloud(settings: Settings) -> Findings:
    """Look at all of it; raises `ConfigError` for settings that are missing, and `CleoError` when Meta is away."""
    origin_of(settings)
    yield from version(settings)
    about_token = list(token(settings))
    yield from about_token
    if any(finding.grade == "bad" for finding in about_token):
        yield note("Nothing else was asked of Meta: that needs a good token")
        return
    answer, told = ask_number(settings)
    yield from number(answer, told)
    if answer.well:
        yield from callback(settings, told.callback)
    yield from subscription(settings)
    yield from fallback(settings)
