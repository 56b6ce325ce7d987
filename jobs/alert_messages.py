"""A peak warning as each kind of receiver wants it. What people posted is text there, never markup.

Slack: https://docs.slack.dev/reference/block-kit/composition-objects/text-object (plain_text knows no markup; of mrkdwn
&, < and > are written as entities). Teams: a message with one Adaptive Card, as the workflow "when a Teams webhook request
is received" takes it; a TextRun knows no Markdown (learn.microsoft.com/adaptive-cards, text features).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from forecast.alert_sentence import sentence
from forecast.alerts import Alert, Measure, in_time
from forecast.buckets import from_ns
from store.plain import plain
from store.settings import Reason

TITLES = {
    "raised": ("Peak warning", "Piekwaarschuwing"),
    "update": ("Peak warning, changed", "Piekwaarschuwing, gewijzigd"),
    "ended": ("Peak warning ended", "Piekwaarschuwing voorbij"),
}
WORDS = {
    "in_time": ("Still in time", "Nog op tijd"),
    "none": ("nothing any more before it begins", "niets meer voordat het begint"),
    "owner": ("Owner", "Eigenaar"),
    "faq": ("Answer for customers", "Antwoord voor klanten"),
    "said": ("People write", "Mensen schrijven"),
    "was": ("It was", "Het was"),
}
MINUTES = "{name} ({n} min)"
TITLE_LONG, TEXT_LONG = 150, 2_800  # characters Slack takes in a header, and (nearly) in a section
ANGLES = str.maketrans({"<": "‹", ">": "›"})
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "%7C"})


@dataclass(frozen=True)
class Message:
    """What is told of a warning on one occasion, in one language.

    id: of this message, the same however often it is sent; thread: of the first one, '' where this is the first
    facts: the warning as numbers, for programs
    """

    id: str
    thread: str
    event: str
    title: str
    lines: tuple[str, ...]
    phrases: tuple[str, ...]
    said: str
    faq: str
    facts: dict[str, Any]


def compose(
    alert: Alert,
    *,
    now: int,
    tz: str,
    channel: str,
    language: str,
    measures: tuple[Measure, ...],
    reason: Reason,
    phrases: tuple[str, ...],
    first: bool = True,
) -> Message:
    """A warning as it stands `now` (ns), for a target that reads `language` (en, nl). first: nothing of it was told there."""
    spoken = int(language == "nl")
    event = "raised" if first and alert.live else alert.occasion.split("-")[0]
    told = sentence(alert.shown, tz=tz, channel=channel, now=now, language=language, live=alert.live)
    left = in_time(measures, alert.surge.start, now) if alert.live else ()
    lines = [told] if alert.live else [f"{WORDS['was'][spoken]}: {told}"]
    if alert.live:
        names = ", ".join(MINUTES.format(name=one.name, n=one.minutes) for one in left)
        lines.append(f"{WORDS['in_time'][spoken]}: {names or WORDS['none'][spoken]}")
    if reason.owner:
        lines.append(f"{WORDS['owner'][spoken]}: {reason.owner}")
    if reason.faq:
        lines.append(f"{WORDS['faq'][spoken]}: {reason.faq}")
    number = f"forecall-alert-{alert.id}-{alert.raised_at // 1_000_000_000}"
    return Message(
        id=f"{number}-{alert.occasion}",
        thread="" if first else f"{number}-raised",
        event=event,
        title=harmless(f"{TITLES[event][spoken]}: {alert.surge.series}"),
        lines=tuple(harmless(line) for line in lines),
        phrases=tuple(harmless(phrase) for phrase in phrases) if alert.live else (),
        said=WORDS["said"][spoken],
        faq=reason.faq,
        facts=_facts(alert, now, told, left, reason),
    )


def _facts(alert: Alert, now: int, told: str, left: tuple[Measure, ...], reason: Reason) -> dict[str, Any]:
    surge = alert.shown
    moments = {"onset": surge.onset, "start": surge.start, "stop": surge.stop, "raised_at": alert.raised_at,
               "ended_at": alert.ended_at, "told_at": now}  # fmt: skip
    return {
        "id": alert.id,
        "queue": surge.series,
        "topic": surge.topic,
        "signal": surge.signal,
        **{name: None if ns is None else from_ns(ns).isoformat() for name, ns in moments.items()},
        "extra": surge.extra,
        "low": surge.low,
        "high": surge.high,
        "times_usual": surge.times_usual,
        "posts": surge.posts,
        "sureness": surge.sureness,
        "sentence": told,
        "measures": [{"name": one.name, "minutes": one.minutes} for one in left],
        "owner": reason.owner,
        "faq": reason.faq,
    }


def harmless(text: str) -> str:
    """A text on one line without signs that control, direct or hide what is read, and without angle brackets."""
    kept = (" " if sign.isspace() else sign for sign in text)
    plain_signs = "".join(sign for sign in kept if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join(plain_signs.translate(ANGLES).split())


def webhook(message: Message) -> dict[str, Any]:
    """For any program: the event, and the warning as facts. A number that is none is null."""
    facts = {**message.facts, "phrases": list(message.phrases)}
    body: dict[str, Any] = plain({"type": f"alert.{message.event}", "id": message.id, "alert": facts})
    return body


def slack(message: Message) -> dict[str, Any]:
    """For an incoming webhook: the text of the notification, and blocks."""
    texts = ["\n".join(message.lines)]
    if message.phrases:
        texts.append("\n".join([f"{message.said}:", *(f"“{phrase}”" for phrase in message.phrases)]))
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain_text(message.title, TITLE_LONG)}]
    blocks += [{"type": "section", "text": _plain_text(text, TEXT_LONG)} for text in texts]
    if message.faq:
        link = f"<{message.faq.translate(ENTITIES)}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link}})
    shown = f"{message.title}: {message.lines[0]}"
    return {"text": shown.translate(ENTITIES)[:TEXT_LONG], "blocks": blocks}


def _plain_text(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text[:longest], "emoji": False}


def teams(message: Message) -> dict[str, Any]:
    """For a workflow: one Adaptive Card, its texts without Markdown."""
    body = [_run(message.title, size="Large", weight="Bolder"), *(_run(line) for line in message.lines)]
    if message.phrases:
        body += [_run(f"{message.said}:", weight="Bolder"), *(_run(f"“{one}”") for one in message.phrases)]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if message.faq.startswith(("https://", "http://")):
        card["actions"] = [{"type": "Action.OpenUrl", "title": "FAQ", "url": message.faq}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def email(message: Message, *, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Plain text. Its Message-ID is the same however often it is sent, and later ones answer the first."""
    domain = sender.rpartition("@")[2]
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, ", ".join(to), message.title
    letter["Message-ID"] = f"<{message.id}@{domain}>"
    if message.thread:
        letter["In-Reply-To"] = letter["References"] = f"<{message.thread}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday message comes back
    said = [f"{message.said}:", *(f"  “{one}”" for one in message.phrases)] if message.phrases else []
    letter.set_content("\n".join([*message.lines, *([""] if said else []), *said]) + "\n")
    return letter
