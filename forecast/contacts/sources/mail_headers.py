"""What a mail's header tells: who it is for, who it is from, and whether a person wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses

FIELDS = (
    "MESSAGE-ID", "FROM", "SENDER", "REPLY-TO", "TO", "CC", "DELIVERED-TO", "X-ORIGINAL-TO", "ENVELOPE-TO",
    "AUTO-SUBMITTED", "PRECEDENCE", "X-AUTOREPLY", "X-AUTORESPOND", "RETURN-PATH", "CONTENT-TYPE", "IN-REPLY-TO", "REFERENCES",
)  # fmt: skip
_FOR = (
    ("delivered-to", "x-original-to", "envelope-to"),
    ("to",),
    ("cc",),
)  # the envelope knows better than the letter
_MOST = 200  # addresses or ids of one header that are looked at
_LONGEST = 998  # characters of an id: a line of RFC 5322


@dataclass(frozen=True, slots=True)
class Header:
    """A mail without its letter. recipients: addresses in groups, the surest first; kind: '' of a person's, else why it is none."""

    id: str
    sender: str
    reply_to: str
    recipients: Sequence[Sequence[str]] = field(default_factory=tuple)
    kind: str = ""
    answers: tuple[str, ...] = ()


def read_header(raw: bytes) -> Header:
    """The bytes of a header, as hostile as they come -> Header."""
    message = BytesHeaderParser().parsebytes(raw[:65_536])
    senders = _addresses(message, ("from",)) or _addresses(message, ("sender",))
    replies = _addresses(message, ("reply-to",))
    ids = _ids(_text(message, "message-id"))
    return Header(
        id=ids[0] if ids else "",
        sender=senders[0] if senders else "",
        reply_to=replies[0] if replies else "",
        recipients=tuple(tuple(_addresses(message, names)) for names in _FOR),
        kind=_kind(message),
        answers=tuple(
            dict.fromkeys([*_ids(_text(message, "in-reply-to")), *_ids(_text(message, "references"))])
        ),
    )


def _kind(message: Message) -> str:
    """Why a mail is no contact: RFC 3834 (Auto-Submitted), RFC 3464 (reports), RFC 5321 (empty return path), and habits."""
    if _text(message, "return-path").strip() == "<>":
        return "bounces and receipts"
    if _text(message, "content-type").strip().lower().startswith("multipart/report"):
        return "bounces and receipts"
    submitted = _text(message, "auto-submitted").split(";")[0].strip().lower()
    precedence = _text(message, "precedence").strip().lower()
    if submitted not in ("", "no") or _text(message, "x-autoreply") or _text(message, "x-autorespond"):
        return "automatic replies and messages"
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return "bulk mail"
    return ""


def _text(message: Message, name: str) -> str:
    """All headers of a name as one text; broken encodings are replaced."""
    shown = []
    for value in (message.get_all(name) or [])[:_MOST]:
        try:
            shown.append(str(make_header(decode_header(str(value)))))
        except (LookupError, ValueError):
            shown.append(str(value))
    return " ".join(shown).encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _addresses(message: Message, names: Sequence[str]) -> list[str]:
    values = [str(value) for name in names for value in (message.get_all(name) or [])[:_MOST]]
    found = [address.strip().casefold() for _, address in getaddresses(values)[:_MOST]]
    return [address for address in found if "@" in address and len(address) <= 320]


def _ids(text: str) -> list[str]:
    """`<a@b> <c@d>` -> the ids between the brackets; of a text without brackets its first word."""
    found = [part.split(">", 1)[0].strip() for part in text.split("<")[1 : _MOST + 1]]
    found = found or text.split()[:1]
    return [one for one in found if one and len(one) <= _LONGEST]
