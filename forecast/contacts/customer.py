"""Who a contact is from, as far as it may be told: a key that is the same for the same person, and names nobody.

A number is brought to its international form, so that `06-1234 5678` and `+31612345678` are one customer; an address
is one whatever its capitals. A caller who hides his number is nobody: hidden callers are not one busy customer.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

LONGEST = 320  # characters of an address, RFC 5321: 64 + 1 + 255
LEAST = (
    7  # digits of a phone number; a shorter one is an extension, or a customer number that keeps its zeros
)
_HIDDEN = frozenset(
    ("anonymous", "unknown", "unavailable", "private", "restricted", "withheld", "hidden", "none", "null", "asterisk",
     "<unknown>", "anonymous@anonymous.invalid", "n/a", "-", "onbekend", "anoniem")
)  # fmt: skip
_NUMBER = re.compile(r"\+?[0-9() ./\-\u00a0]{5,30}")
_DIGIT = re.compile(r"[^0-9]")


@lru_cache(maxsize=65_536)
def plain_customer(text: str, region: str = "NL") -> str:
    """A number, an address or a customer number -> its one spelling; '' for nobody. region: whose numbers are written at home."""
    plain = text.strip().strip('"').casefold()[:LONGEST]
    plain = plain.removeprefix("tel:").removeprefix("sip:").removeprefix("mailto:")
    if plain in _HIDDEN or not any(map(str.isalnum, plain)):
        return ""
    digits = _DIGIT.sub("", plain)
    if not plain.strip("0 "):
        return ""
    if len(digits) < LEAST or not _NUMBER.fullmatch(plain):
        return plain
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

    try:
        number = parse(plain, region)
    except NumberParseException:
        return digits
    return format_number(number, PhoneNumberFormat.E164) if is_possible_number(number) else digits


def hash_customer(customer: str, key: bytes) -> str:
    """A customer in its one spelling -> 32 hex digits under the key (BLAKE2b, 16 bytes)."""
    name = customer.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=16, key=key, person=b"customer").hexdigest()


def hash_contact(source: str, id: str, key: bytes) -> str:
    """(source, id) of a contact -> 32 hex digits under the key: enough to know it again, nothing to look it up by."""
    name = f"{source}\x00{id}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=16, key=key, person=b"contact").hexdigest()
