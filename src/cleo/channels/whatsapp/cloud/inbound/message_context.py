"""Read what a message came with: the ad or the product that it answers, and what WhatsApp itself says about it."""

from collections.abc import Iterator

from cleo.channels.http.sanitize import label
from cleo.channels.whatsapp.cloud import wire

_LONGEST = 500


def read_message_context(message: wire.Message) -> tuple[str, ...]:
    """Return it in words, a line each."""
    return tuple(line[:_LONGEST] for line in _lines(message) if line)


def _lines(message: wire.Message) -> Iterator[str]:
    if message.referral:
        yield _referral(message.referral)
    product = message.context.referred_product if message.context else None
    if product and product.product_retailer_id:
        of = f" of the catalog {label(product.catalog_id)}" if product.catalog_id else ""
        yield f"about the product {label(product.product_retailer_id)}{of}"
    answer = message.interactive
    if answer and (row := answer.list_reply or answer.button_reply) and row.description:
        yield f"the choice is described as: {label(row.description)}"
    if message.location and message.location.url:
        yield f"the place has the page {label(message.location.url)}"
    for error in message.errors:
        if error and error.words:
            yield f"WhatsApp says about this message: {label(error.words)}"


def _referral(referral: wire.Referral) -> str:
    kind = label(referral.source_type) or "ad"
    words = [label(each) for each in (referral.headline, referral.body, referral.source_url) if each]
    greeting = referral.welcome_message.text if referral.welcome_message else None
    if greeting:
        words.append(f"its greeting was: {label(greeting)}")
    return f"written after a tap on the {kind}: {'; '.join(words)}" if words else ""
