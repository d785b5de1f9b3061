"""The objects of Meta's webhooks, as far as Cleo reads them. No field is required; a wrong one counts as missing.

Source: Meta's webhook reference for the Cloud API (v26.0), as noted in the developer reference of this backend.
"""

from pydantic import BaseModel, ConfigDict, Field

from cleo.channels.http.lenient import Many, Maybe


class Part(BaseModel):
    """A part of a webhook's body."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, coerce_numbers_to_str=True)


class ErrorData(Part):
    """More about an error."""

    details: Maybe[str] = None


class Error(Part):
    """Why something failed."""

    code: Maybe[int] = None
    title: Maybe[str] = None
    message: Maybe[str] = None
    details: Maybe[str] = None
    error_data: Maybe[ErrorData] = None

    @property
    def words(self) -> str:
        """Return Meta's own words, the most detailed of them."""
        details = (self.error_data and self.error_data.details) or self.details
        return details or self.message or self.title or ""


class Profile(Part):
    """How somebody calls themselves."""

    name: Maybe[str] = None
    username: Maybe[str] = None


class Contact(Part):
    """A person of a value; which message is theirs is not said."""

    profile: Maybe[Profile] = None
    wa_id: Maybe[str] = None
    user_id: Maybe[str] = None
    parent_user_id: Maybe[str] = None


class ReferredProduct(Part):
    """A product of a catalog that a message asks about."""

    catalog_id: Maybe[str] = None
    product_retailer_id: Maybe[str] = None


class WelcomeMessage(Part):
    """The greeting that an ad showed."""

    text: Maybe[str] = None


class Referral(Part):
    """The ad or post from which somebody came into the chat."""

    source_url: Maybe[str] = None
    source_type: Maybe[str] = None
    headline: Maybe[str] = None
    body: Maybe[str] = None
    welcome_message: Maybe[WelcomeMessage] = None


class Context(Part):
    """What a message refers to. The words of the quoted message are never included."""

    id: Maybe[str] = None
    from_: Maybe[str] = Field(default=None, alias="from")
    forwarded: Maybe[bool] = None
    frequently_forwarded: Maybe[bool] = None
    referred_product: Maybe[ReferredProduct] = None


class Words(Part):
    """A text."""

    body: Maybe[str] = None


class Media(Part):
    """A file. Its `url` is Meta's own and is never used: the id is asked for a fresh one."""

    id: Maybe[str] = None
    mime_type: Maybe[str] = None
    sha256: Maybe[str] = None
    caption: Maybe[str] = None
    filename: Maybe[str] = None
    voice: Maybe[bool] = None


class Place(Part):
    """A location, in degrees."""

    latitude: Maybe[float] = None
    longitude: Maybe[float] = None
    name: Maybe[str] = None
    address: Maybe[str] = None
    url: Maybe[str] = None


class CardName(Part):
    """The name on a contact card."""

    formatted_name: Maybe[str] = None
    prefix: Maybe[str] = None
    first_name: Maybe[str] = None
    middle_name: Maybe[str] = None
    last_name: Maybe[str] = None
    suffix: Maybe[str] = None


class CardPhone(Part):
    """A number on a contact card."""

    phone: Maybe[str] = None
    wa_id: Maybe[str] = None


class CardEmail(Part):
    """An e-mail address on a contact card."""

    email: Maybe[str] = None


class CardOrg(Part):
    """Where the person on a contact card works."""

    company: Maybe[str] = None
    department: Maybe[str] = None
    title: Maybe[str] = None


class CardUrl(Part):
    """A web page on a contact card."""

    url: Maybe[str] = None


class CardAddress(Part):
    """A postal address on a contact card."""

    street: Maybe[str] = None
    city: Maybe[str] = None
    state: Maybe[str] = None
    zip: Maybe[str] = None
    country: Maybe[str] = None


class Card(Part):
    """A contact that somebody shares."""

    name: Maybe[CardName] = None
    phones: Many[CardPhone] = ()
    emails: Many[CardEmail] = ()
    org: Maybe[CardOrg] = None
    urls: Many[CardUrl] = ()
    addresses: Many[CardAddress] = ()
    birthday: Maybe[str] = None
    vcard: Maybe[str] = None


class Reaction(Part):
    """An emoji on a message; without one it was taken back."""

    message_id: Maybe[str] = None
    emoji: Maybe[str] = None


class Button(Part):
    """A tapped quick reply of a template."""

    text: Maybe[str] = None
    payload: Maybe[str] = None


class Reply(Part):
    """A tapped button or row."""

    id: Maybe[str] = None
    title: Maybe[str] = None
    description: Maybe[str] = None


class FlowReply(Part):
    """A filled form; `response_json` is text, and not always an object."""

    name: Maybe[str] = None
    body: Maybe[str] = None
    response_json: Maybe[str] = None


class Interactive(Part):
    """An answer that was tapped or filled in."""

    type: Maybe[str] = None
    button_reply: Maybe[Reply] = None
    list_reply: Maybe[Reply] = None
    nfm_reply: Maybe[FlowReply] = None


class Product(Part):
    """A line of an order."""

    product_retailer_id: Maybe[str] = None
    quantity: Maybe[str] = None
    item_price: Maybe[str] = None
    currency: Maybe[str] = None


class Order(Part):
    """What somebody wants to buy."""

    text: Maybe[str] = None
    product_items: Many[Product] = ()


class System(Part):
    """A change of a person's number or ids."""

    type: Maybe[str] = None
    wa_id: Maybe[str] = None
    new_wa_id: Maybe[str] = None
    customer: Maybe[str] = None
    user_id: Maybe[str] = None
    parent_user_id: Maybe[str] = None
    previous_user_id: Maybe[str] = None
    previous_parent_user_id: Maybe[str] = None


class Unsupported(Part):
    """What WhatsApp does not hand over to businesses."""

    type: Maybe[str] = None


class Edited(Part):
    """The new content of a message."""

    type: Maybe[str] = None
    text: Maybe[Words] = None
    image: Maybe[Media] = None
    video: Maybe[Media] = None
    document: Maybe[Media] = None


class Edit(Part):
    """A message that was changed."""

    original_message_id: Maybe[str] = None
    message: Maybe[Edited] = None


class Revoke(Part):
    """A message that was deleted for everyone."""

    original_message_id: Maybe[str] = None


class Sender(Part):
    """Who wrote a message: by number, unless it is hidden, and by user id."""

    from_: Maybe[str] = Field(default=None, alias="from")
    from_user_id: Maybe[str] = None
    from_parent_user_id: Maybe[str] = None


class Message(Sender):
    """A message of a person; with `to`, one that the business sent from elsewhere (an echo)."""

    id: Maybe[str] = None
    timestamp: Maybe[str] = None
    type: Maybe[str] = None
    to: Maybe[str] = None
    to_user_id: Maybe[str] = None
    group_id: Maybe[str] = None
    context: Maybe[Context] = None
    referral: Maybe[Referral] = None
    errors: Many[Error] = ()
    text: Maybe[Words] = None
    image: Maybe[Media] = None
    video: Maybe[Media] = None
    audio: Maybe[Media] = None
    voice: Maybe[Media] = None
    document: Maybe[Media] = None
    sticker: Maybe[Media] = None
    location: Maybe[Place] = None
    contacts: Many[Card] = ()
    reaction: Maybe[Reaction] = None
    button: Maybe[Button] = None
    interactive: Maybe[Interactive] = None
    order: Maybe[Order] = None
    system: Maybe[System] = None
    unsupported: Maybe[Unsupported] = None
    edit: Maybe[Edit] = None
    revoke: Maybe[Revoke] = None


class Status(Part):
    """What became of a message that was sent."""

    id: Maybe[str] = None
    type: Maybe[str] = None
    """Of what: absent or `message`, or for example `payment`."""
    status: Maybe[str] = None
    timestamp: Maybe[str] = None
    recipient_type: Maybe[str] = None
    recipient_id: Maybe[str] = None
    recipient_user_id: Maybe[str] = None
    recipient_parent_user_id: Maybe[str] = None
    recipient_participant_id: Maybe[str] = None
    group_id: Maybe[str] = None
    biz_opaque_callback_data: Maybe[str] = None
    errors: Many[Error] = ()


class Metadata(Part):
    """Whose webhook it is."""

    phone_number_id: Maybe[str] = None
