"""The week of a reason owner: what came, what is expected, what is said, what is new. As Markdown and as HTML.

Names of reasons, phrases of posts and causes are other people's words: in Markdown their signs are escaped, in HTML all.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forecast.outlook_words import Language, date, line, number, percent, topic

SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")
WEB = re.compile(r"https?://[^\s<>\"'`()\[\]]+")
TEXTS: Mapping[str, Mapping[Language, str]] = {
    "subject": {"en": "Contact reasons of {owner}: week of {day}", "nl": "Contactredenen van {owner}: week van {day}"},
    "came": {"en": "Contacts in the week", "nl": "Contacten in de week"},
    "expected": {"en": "Expected in the week ahead", "nl": "Verwacht in de komende week"},
    "unknown": {"en": "not known", "nl": "niet bekend"},
    "before": {"en": "{change} on the week before", "nl": "{change} ten opzichte van de week ervoor"},
    "usual": {"en": "{change} on the usual", "nl": "{change} ten opzichte van gebruikelijk"},
    "this_week": {"en": "{change} on this week", "nl": "{change} ten opzichte van deze week"},
    "posts": {"en": "Posts", "nl": "Berichten"},
    "failed": {"en": "Posts that tell of a contact tried in vain", "nl": "Berichten over vergeefs contact"},
    "new": {"en": "New", "nl": "Nieuw"},
    "causes": {"en": "Open causes", "nl": "Openstaande oorzaken"},
    "faq": {"en": "Answer", "nl": "Antwoord"},
}  # fmt: skip


@dataclass(frozen=True)
class Week:
    """A reason's week. came, before, usual: contacts of it, of the one before, of an average of the eight weeks before.

    expected: of the seven days ahead; posts, posts_before: on it; failed: of the posts, those that tell of a contact
    tried in vain; new: phrases that rose; causes: what is being worked on; None: not known
    """

    topic: str
    came: float | None = None
    before: float | None = None
    usual: float | None = None
    expected: float | None = None
    posts: float = 0.0
    posts_before: float = 0.0
    failed: float = 0.0
    new: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    faq: str = ""


@dataclass(frozen=True)
class Digest:
    """What one owner is sent. begin, until: the seven local days looked back on; the week ahead begins with `until`."""

    owner: str
    email: str
    language: Language
    begin: dt.date
    until: dt.date
    subject: str
    text: str
    html: str


def digest(
    owner: str, email: str, begin: dt.date, until: dt.date, weeks: Sequence[Week], language: Language
) -> Digest:
    """The reasons of an owner, the most contacts first, as one letter."""
    day = date(begin, language)
    subject = line(TEXTS["subject"][language].format(owner=owner, day=day))
    ranked = sorted(weeks, key=lambda week: (-(week.came or 0.0), week.topic))
    shown = [(line(topic(week.topic, language)), tuple(facts(week, language))) for week in ranked]
    plain = [f"# {marked(subject)}"]
    rich = [f"<h1>{html.escape(subject)}</h1>"]
    for name, rows in shown:
        plain += [f"\n## {marked(name)}\n", *(f"- {label}: {marked(said)}" for label, said in rows)]
        items = "".join(f"<li>{html.escape(label)}: {_linked(said)}</li>" for label, said in rows)
        rich.append(f"<h2>{html.escape(name)}</h2><ul>{items}</ul>")
    return Digest(
        owner, email, language, begin, until, subject, "\n".join(plain) + "\n", "\n".join(rich) + "\n"
    )


def facts(week: Week, language: Language) -> Iterable[tuple[str, str]]:
    """Label and figures of every row about a reason; what there is nothing of is left out."""

    def told(key: str, **more: str) -> str:
        return TEXTS[key][language].format(**more)

    def sized(value: float | None, *against: tuple[str, float | None]) -> str:
        if value is None:
            return told("unknown")
        changes = [told(key, change=percent(value / other - 1)) for key, other in against if other]
        return f"{number(value, language)} ({', '.join(changes)})" if changes else number(value, language)

    yield told("came"), sized(week.came, ("before", week.before), ("usual", week.usual))
    yield told("expected"), sized(week.expected, ("this_week", week.came))
    if week.posts or week.posts_before:
        yield told("posts"), sized(week.posts, ("before", week.posts_before))
    if week.posts and week.failed:
        share = f"{number(week.failed, language)} ({100 * week.failed / week.posts:.0f} %)"
        yield told("failed"), share
    for key, said in (("new", week.new), ("causes", week.causes)):
        if said:
            yield told(key), line("; ".join(said))
    if week.faq:
        yield told("faq"), line(week.faq)


def marked(said: str) -> str:
    """A text as Markdown that shows it as it is; an address stays one that can be clicked."""
    if WEB.fullmatch(said):
        return f"<{said}>"
    return SIGNS.sub(r"\\\1", said)


def _linked(said: str) -> str:
    shown = html.escape(said)
    return f'<a href="{shown}">{shown}</a>' if WEB.fullmatch(said) else shown
