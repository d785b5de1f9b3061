"""Is the account subscribed to an app, and is the template approved?"""

from cleo.channels.whatsapp.cloud.doctor.graph_query import ask, is_unknown_node, origin_of
from cleo.channels.whatsapp.cloud.doctor.token import not_checked
from cleo.channels.whatsapp.cloud.outbound.responses import LenientModel, read_body
from cleo.channels.whatsapp.cloud.settings import CloudSettings
from cleo.channels.whatsapp.cloud.wire import Many, Maybe
from cleo.domain.content import Template
from cleo.ports.finding import Findings, bad, good, note

_WABA = "It is in the WhatsApp Manager, or in the app dashboard → WhatsApp → API setup."
_EXAMPLE = f"Set WHATSAPP_CLOUD_WABA_ID, for example 102290129340398. {_WABA}"
_MANAGER = (
    "Mend it in the WhatsApp Manager → Message templates, or name another: WHATSAPP_CLOUD_FALLBACK_TEMPLATE"
)


class _App(LenientModel):
    name: Maybe[str] = None


class _Subscription(LenientModel):
    whatsapp_business_api_data: Maybe[_App] = None


class _Subscriptions(LenientModel):
    data: Many[_Subscription] = ()

    @property
    def apps(self) -> list[str]:
        """Their names."""
        told = [each.whatsapp_business_api_data for each in self.data if each]
        return [app.name or "an app without a name" for app in told if app]


class _Component(LenientModel):
    text: Maybe[str] = None


class _Listed(LenientModel):
    name: Maybe[str] = None
    language: Maybe[str] = None
    status: Maybe[str] = None
    components: Many[_Component] = ()


class _Templates(LenientModel):
    data: Many[_Listed] = ()


def subscription(settings: CloudSettings) -> Findings:
    """Check that webhooks of the account go to an app: the most common reason that nothing arrives."""
    account = settings.whatsapp_cloud_waba_id
    if not account:
        yield note("Whether what people write is told to the app was not looked at", _EXAMPLE)
        return
    if not account.isdecimal():
        yield bad("WHATSAPP_CLOUD_WABA_ID must be an id in digits", _EXAMPLE)
        return
    origin = origin_of(settings)
    url = origin.node(f"{account}/subscribed_apps")
    response = ask(origin, url)
    if is_unknown_node(response):
        fix = f"Correct WHATSAPP_CLOUD_WABA_ID, or give the system user the account as an asset. {_WABA}"
        yield bad("Graph does not know the WhatsApp account, or does not show it to this token", fix)
    elif not response.is_success:
        yield not_checked(response, "The subscription")
    elif apps := read_body(_Subscriptions, response.body).apps:
        yield good(f"What happens on the WhatsApp account is told to: {', '.join(apps)}")
    else:
        yield bad(
            "What happens on the WhatsApp account is told to no app, so nothing that people write arrives",
            f'curl -X POST {url} -H "Authorization: Bearer $WHATSAPP_CLOUD_TOKEN"',
        )


def fallback(settings: CloudSettings) -> Findings:
    """Check the template that is sent to people who have not written for a day."""
    wanted, account = settings.whatsapp_cloud_fallback_template, settings.whatsapp_cloud_waba_id
    if wanted is None:
        yield note(
            "No fallback template: what Cleo wants to say to somebody who has not written for 24 hours, reminders "
            "too, is refused, and the model is told",
            "Have one approved, then for example: WHATSAPP_CLOUD_FALLBACK_TEMPLATE=hello_again:en",
        )
    elif not (account and account.isdecimal()):
        yield note(f"Whether the template {wanted.name} is approved was not looked at", _EXAMPLE)
    else:
        yield from _approved(settings, wanted, account)


def _approved(settings: CloudSettings, wanted: Template, account: str) -> Findings:
    origin = origin_of(settings)
    asked = {"name": wanted.name, "fields": "name,language,status,components"}
    response = ask(origin, origin.node(f"{account}/message_templates").copy_merge_params(asked))
    if not response.is_success:
        yield not_checked(response, f"The template {wanted.name}")
        return
    listed = [each for each in read_body(_Templates, response.body).data if each and each.name == wanted.name]
    found = next((each for each in listed if each.language == wanted.language), None)
    named = f"The template {wanted.name} in {wanted.language}"
    if found is None:
        languages = ", ".join(sorted({each.language or "?" for each in listed}))
        there = f"; it is there in {languages}" if languages else ""
        yield bad(f"{named} does not exist{there}", _MANAGER)
    elif found.status != "APPROVED":
        yield bad(f"{named} is {found.status}, so it cannot be sent", _MANAGER)
    elif any("{{" in (part.text or "") for part in found.components if part):
        yield bad(f"{named} has variables, which Cleo does not fill in", _MANAGER)
    else:
        yield good(f"{named} is approved")
