"""Phone numbers that are written in more than one way, as WhatsApp itself does in some countries."""

import re

from cleo.domain.identity import Address, address, namespace, value

_BRAZIL = re.compile(r"\+55(?P<area>[1-9][0-9])(?P<nine>9?)(?P<rest>[6-9][0-9]{7})")
_MEXICO = re.compile(r"\+52(?P<one>1?)(?P<rest>[2-9][0-9]{9})")
_ARGENTINA = re.compile(r"\+54(?P<nine>9?)(?P<rest>[1-9][0-9]{9})")


def variants(of: Address) -> frozenset[Address]:
    """Tell all spellings under which this address may appear, itself among them.

    Brazilian mobiles with and without the ninth digit, Mexican ones with 52 and 521, Argentine ones with 54 and 549.
    Landlines have no variants. A number is never rewritten: this is only for comparing.
    """
    number = value(of)
    if namespace(of) != "phone":
        return frozenset({of})
    if found := _BRAZIL.fullmatch(number):
        spelled = {f"+55{found['area']}{nine}{found['rest']}" for nine in ("", "9")}
    elif found := _MEXICO.fullmatch(number):
        spelled = {f"+52{one}{found['rest']}" for one in ("", "1")}
    elif found := _ARGENTINA.fullmatch(number):
        spelled = {f"+54{nine}{found['rest']}" for nine in ("", "9")}
    else:
        spelled = set[str]()
    return frozenset({of, *(address("phone", each) for each in spelled)})
