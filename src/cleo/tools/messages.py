"""Messages to somebody else."""

import phonenumbers

from cleo.domain.content import Text
from cleo.domain.errors import ToolError
from cleo.domain.identity import Address, address, namespace, value
from cleo.ports import ToolContext
from cleo.tools.definition.decorator import tool

_LONGEST = 4000


@tool(requires_confirmation=True, repeatable=True, title="send a message to somebody else")
async def send_message(ctx: ToolContext, to: str, text: str) -> str:
    """Send a WhatsApp message to another phone number, in this account's name.

    Args:
        to: The phone number, best with its country code: +49 151 2345678. Never invent one.
        text: The words to send.
    """
    if not text.strip():
        raise ToolError("The message is empty. Nothing was sent.")
    if len(text) > _LONGEST:
        raise ToolError(f"The message has {len(text)} characters; at most {_LONGEST} fit. Nothing was sent.")
    number = _number(to, await _region(ctx))
    await ctx.say(Text(body=text.strip()), to=_phone(number))
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return f"The message to {shown} is on its way: {text.strip()}"


def _number(written: str, region: str | None) -> phonenumbers.PhoneNumber:
    """Read a number in any spelling. Raises `ToolError` saying what is wrong."""
    plain = written.strip().removeprefix("tel:")
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        raise ToolError(
            f"{written!r} is not a phone number that can be reached. Write it with its country code, such as "
            "+49 151 2345678. Nothing was sent."
        ) from None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise ToolError(f"{written!r} is not a valid phone number. Nothing was sent.")
    return number


async def _region(ctx: ToolContext) -> str | None:
    """The country of the person who asks, by their own number: "0151 …" means a number there."""
    person = await ctx.store.read(lambda tx: tx.people.get(ctx.person))
    for own in sorted(person.addresses):
        if namespace(own) == "phone":
            return phonenumbers.region_code_for_number(phonenumbers.parse(value(own)))
    return None


def _phone(number: phonenumbers.PhoneNumber) -> Address:
    return address("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
