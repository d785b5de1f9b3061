"""Messages to somebody else."""

import re

import phonenumbers

from cleo.domain.content import Text
from cleo.domain.errors import ToolError
from cleo.domain.identity import Address, PersonId, address
from cleo.ports import ToolContext, Transaction
from cleo.tools.definition.decorator import tool

_LONGEST = 4000
_SPELLED = re.compile(r"(?:tel:)?(?:\+|00)(?P<digits>[0-9](?:[ ()./-]{0,3}[0-9]){5,16})", re.ASCII)
_RESOLVED = re.compile(r"(?P<number>\+[0-9]{6,15})(?: \(“[^“”]*”\))?", re.ASCII)


async def _resolve_message(ctx: ToolContext, to: str, text: str) -> dict[str, object]:
    number = _e164(to)
    words = ctx.render(_checked(text))
    if len(words) != 1:
        raise ToolError("The message is too long for one. Make it shorter, or send two. Nothing was sent.")
    return {"to": await ctx.store.read(lambda tx: _with_name(tx, number)), "text": words[0]}


@tool(
    requires_confirmation=True,
    prepare=_resolve_message,
    repeatable=True,
    title="send a message to somebody else",
)
async def send_message(ctx: ToolContext, to: str, text: str) -> str:
    """Send a WhatsApp message to another phone number, in this account's name.

    Args:
        to: The phone number with its country code and nothing else: +49 151 2345678. Never invent one.
        text: The words to send.
    """
    resolved = _RESOLVED.fullmatch(to)
    number = resolved["number"] if resolved else _e164(to)
    words = _checked(text)
    await ctx.say(Text(body=words), to=address("phone", number))
    shown = phonenumbers.format_number(
        phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return f"The message to {shown} is on its way: {words}"


def _checked(text: str) -> str:
    words = text.strip()
    if not words:
        raise ToolError("The message is empty. Nothing was sent.")
    if len(words) > _LONGEST:
        raise ToolError(f"The message has {len(words)} characters; at most {_LONGEST} fit. Nothing was sent.")
    return words


def _e164(written: str) -> str:
    """Return the one number that is written here, and nothing else is. Raises `ToolError` saying what is wrong."""
    spelled = _SPELLED.fullmatch(written.strip())
    if spelled is None:
        raise ToolError(
            f"{written[:60]!r} is not a phone number that can be reached. Write the number alone, with its country "
            "code and plain digits, such as +49 151 2345678. Nothing was sent."
        )
    try:
        number = phonenumbers.parse("+" + re.sub(r"[^0-9]", "", spelled["digits"]))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ToolError(f"{written[:60]!r} is not a valid phone number. Nothing was sent.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _with_name(tx: Transaction, number: str) -> str:
    """Put the name behind a number that somebody gave themselves, as far as it is made of letters."""
    try:
        known = tx.people.get(PersonId(Address(address("phone", number))))
    except KeyError:
        return number
    name = " ".join("".join(mark if mark.isalpha() else " " for mark in known.name).split())[:40]
    return f"{number} (“{name}”)" if name else number
