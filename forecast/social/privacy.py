"""What may be kept of a post: no names, no links, no numbers that lead to a person.

`strip` runs before anything else sees the text; authors become keyed hashes that serve only to count distinct
authors and to find a person's posts when he asks for erasure. Throw the key away and the hashes are anonymous.
"""

from __future__ import annotations

import hashlib
import html
import re

from forecast.errors import ConfigError

LONGEST = 4_000  # characters of a post that are looked at; no network allows longer ones in practice
_CANDIDATES = 20  # possible phone numbers looked at per post; a post with more is a list, and all of them go

# Quantifiers are bounded or start at a rare character, so that no input makes them slow.
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_LINK = re.compile(r"(?:https?|ftp)://\S*|\bwww\.\S+", re.IGNORECASE)
_BARE_LINK = re.compile(r"\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,10}/\S*", re.IGNORECASE)
_MAIL_SIGN = re.compile(r"[@＠](?<=\S.)\w")  # cheap: most posts hold @names and no address
_MAIL = re.compile(r"[\w.!#$%&'*+=?^`{|}~-]{1,64}[@＠]\w[\w.-]*")
_FEDERATED = re.compile(r"(?<![\w.+-])[@＠]\w[\w.-]*[@＠]\w[\w.-]*")  # @name@server, as Mastodon writes it
_HANDLE = re.compile(r"[@＠]\w[\w.-]*")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
# "1234 AB 12", "1234ab 12"; small letters need to touch the figures, or "in 2026 om 10 uur" would be an address
_ADDRESS = re.compile(
    r"\b[1-9]\d{3}(?: ?[A-Z]{2}\b(?:[ ,]{0,3}(?:nr\.?|huisnummer)? ?\d{1,5}(?: ?[a-zA-Z])?\b)?"
    r"|[a-zA-Z]{2}\b[ ,]{1,3}(?:nr\.?|huisnummer)? ?\d{1,5}(?: ?[a-zA-Z])?\b)"
)
_PHONE = re.compile(r"\+?\(?\d[\d ().\-/\u00a0]{5,22}\d")
# "order 4711", "klantnummer: 12-345", "booking ref AB123D": short numbers are personal where a word before says so
_CODE = re.compile(r"(?<![^\W_])[A-Za-z]{0,4}-?\d[A-Za-z0-9-]{2,20}\b")
_LABEL = re.compile(
    r"\b(?:order|klant|relatie|customer|client|account|contract|bestel|bestell|kunden|auftrags|vorgangs|commande|dossier|pedido|"
    r"cliente|ordine|pratica|protocolo|kunde|ordre|bestillings|case|ticket|referen|ref|booking|boeking|buchungs|reserv|invoice|"
    r"factuur|facture|factura|rechnungs|zaak|meter|заказ|договор|обращени|лицевой счет)[^\W\d_]{0,12}"
    r"(?:[ .:#-]{0,3}(?:nummer|number|numero|número|numéro|nr|no|num|номер))?[ .:#№-]{0,4}$",
    re.IGNORECASE,
)
_BEFORE = 48  # characters before a number in which the word stands
_LONG_NUMBER = re.compile(r"\d{6}")
_VERSION = re.compile(r"[1-9]\d*(?:\.\d+){2,}")  # "8.4.21.508" is no phone number
_NUMBER = re.compile(r"\b[^\W\d_]{0,4}-?\d{6,}|\d{6,}")
_DIGIT = re.compile(r"\d")
_LEAST_DIGITS = 3  # of an order number; everything else that leads to a person holds more


def clean(text: str) -> str:
    """text -> the same without NUL bytes and lone surrogates, which no database and no encoder takes."""
    return _BROKEN.sub("", text)


def hash_author(author: str, key: bytes) -> str:
    """author -> 32 hex digits (BLAKE2b, 16 bytes, keyed); `@Jan` and `jan` are the same author.

    ConfigError where the key is empty (anybody could then try out names) or longer than BLAKE2b's 64 bytes.
    """
    if not 1 <= len(key) <= 64:
        raise ConfigError(
            f"The key that hides authors has {len(key)} bytes.",
            remedy="Give one of 1 to 64 bytes.",
            field="key",
        )
    name = author.strip().lstrip("@").casefold()
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()


def hash_id(source: str, id: str, key: bytes) -> str:
    """(source, id) of a post -> 32 hex digits under the key: enough to know it again, nothing to look it up by."""
    name = f"{source}\x00{id}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=16, key=key, person=b"post").hexdigest()


def cut(text: str, longest: int = LONGEST) -> str:
    """text -> its first `longest` characters, ended at a space where one is near, so that no number is halved."""
    if len(text) <= longest:
        return text
    space = text.rfind(" ", longest - 200, longest)
    return text[: space if space > 0 else longest]


def _phone(match: re.Match[str], regions: tuple[str, ...]) -> str:
    candidate = match.group()
    if sum(map(str.isdigit, candidate)) < 7 or _VERSION.fullmatch(candidate):
        return candidate
    from phonenumbers import PhoneNumberMatcher  # 0.1 s of import, and most posts hold no number

    for region in regions:
        for number in PhoneNumberMatcher(candidate, region):
            return f"{candidate[: number.start]}[phone]{candidate[number.end :]}"
    return candidate


def _code(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    return "[number]" if _LABEL.search(before) else match.group()


def _numbers(text: str, regions: tuple[str, ...]) -> str:
    """Account numbers, addresses, phone numbers and long numbers, in the order in which one could eat the other."""
    text = _IBAN.sub("[iban]", text)
    text = _CODE.sub(_code, text)
    text = _ADDRESS.sub("[address]", text)
    if len(_PHONE.findall(text)) > _CANDIDATES:
        text = _PHONE.sub("[number]", text)
    else:
        text = _PHONE.sub(lambda match: _phone(match, regions), text)
    return _NUMBER.sub("[number]", text) if _LONG_NUMBER.search(text) else text


def strip(text: str, *, regions: tuple[str, ...] = ("NL",)) -> str:
    """text -> text of at most `LONGEST` characters without @names, links, e-mail addresses, phone numbers, IBANs,
    Dutch postcodes with their house number, order and customer numbers, and any number of six or more digits.

    They become `@user`, `[link]`, `[email]`, `[phone]`, `[iban]`, `[address]` and `[number]`. HTML entities are read
    first. `regions` are the countries (ISO 3166) whose way of writing a phone number without +country is known.
    """
    text = cut(text)
    if "&" in text:
        text = html.unescape(text)
    text = clean(text)
    if "://" in text or "ww." in text or "WW." in text:
        text = _LINK.sub("[link]", text)
    if "/" in text:
        text = _BARE_LINK.sub("[link]", text)
    if "@" in text or "＠" in text:
        if _MAIL_SIGN.search(text):
            text = _FEDERATED.sub("@user", text)
            text = _MAIL.sub("[email]", text)
        text = _HANDLE.sub("@user", text)
    if len(_DIGIT.findall(text)) >= _LEAST_DIGITS:
        text = _numbers(text, regions)
    return text
