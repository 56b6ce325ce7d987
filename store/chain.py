"""The way of a post into the store: brand rules, privacy, language, sentiment, topics, then a row that names nobody.

Jobs, imports and the API all come through `receive`; nothing is stored on any other way. Nothing here commits.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import column_ns, to_ns
from forecast.social.brands import Brand, Brands, account
from forecast.social.language import Languages
from forecast.social.mention import Mention
from forecast.social.privacy import hash_id
from forecast.social.scorers import make_scorer
from forecast.social.scoring import score_mentions
from forecast.social.sentiment import Scorer
from forecast.social.sources.base import Deletion
from forecast.social.topic_model import Tagger, make_tagger
from store.forgotten import load_forgotten
from store.hash_keys import Keyring
from store.mentions import answers_held, delete_text, has_answers, held_ids, mark_replied, save_mentions
from store.settings import Settings

AHEAD = dt.timedelta(hours=1)  # clocks differ
REVISION, RECEIPT, CORRECTION = "revision", "receipt", "correction"


@dataclass(frozen=True)
class Chain:
    """What posts are judged and scored with; each tool is loaded at its first use."""

    settings: Settings

    @cached_property
    def languages(self) -> Languages:
        return Languages(self.settings.social.languages)

    @cached_property
    def scorer(self) -> Scorer:
        chosen = self.settings.social.sentiment
        return make_scorer(chosen.scorer, chosen.model, self.settings.social.languages)

    @cached_property
    def topics(self) -> Tagger:
        social = self.settings.social
        return make_tagger(social.sector, social.topics, social.topic_model)

    @cached_property
    def brands(self) -> Brands:
        social = self.settings.social
        if not social.brands and social.brand:
            return Brands((Brand(social.brand),))
        return Brands(tuple(Brand(**rule.model_dump()) for rule in social.brands))

    @property
    def regions(self) -> tuple[str, ...]:
        """The countries whose phone numbers are known as people write them at home."""
        return (self.settings.company.country or "NL",)

    @property
    def competitors(self) -> tuple[str, ...]:
        return self.brands.competitors


@dataclass
class Received:
    """What became of some posts. changed: new or different rows; earliest: when the first of them was made.

    left_out: why -> how many, for those that make no row
    """

    read: int = 0
    changed: int = 0
    earliest: pd.Timestamp | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, other: Received) -> None:
        """Take another batch into the account."""
        self.read, self.changed = self.read + other.read, self.changed + other.changed
        self.left_out.update(other.left_out)
        if other.earliest is not None:
            self.earliest = other.earliest if self.earliest is None else min(self.earliest, other.earliest)

    def sentences(self) -> list[str]:
        """What was left out, for a report."""
        return [f"{count:,} {why}." for why, count in sorted(self.left_out.items())]


def receive(
    session: Session,
    chain: Chain,
    mentions: Sequence[Mention],
    *,
    now: dt.datetime,
    mode: str = RECEIPT,
    level: str | None = None,
    must_name: bool = False,
) -> Received:
    """Posts of one or several sources -> rows. Posts held already change only where they say something else.

    mode: `receipt`, known now; `revision`, a file of the past: known when it was made, but now where it changes what
    is held; `correction`, as a revision that repairs the past. level: what may be kept of these posts (else as the
    settings say). must_name: a post that names no brand is left out.
    """
    levels = {source.name: source.privacy for source in chain.settings.social.sources}
    named = {levels.get(mention.source) for mention in mentions} if level is None else {level}
    if len(named) > 1 or (level is None and named != {None}):
        found = Received()
        for one in sorted(named, key=str):
            mine = [mention for mention in mentions if levels.get(mention.source) == one]
            own = one or chain.settings.social.privacy.level
            found.add(receive(session, chain, mine, now=now, mode=mode, level=own, must_name=must_name))
        return found
    found = Received(read=len(mentions))
    ahead = sum(mention.created_at > now + AHEAD for mention in mentions)
    found.left_out.update({"posts are dated in the future": ahead} if ahead else {})
    mentions = [mention for mention in mentions if mention.created_at <= now + AHEAD]
    judged = chain.brands.judge(mentions, must_name=must_name)
    found.left_out.update(_why(judged.unrelated, judged.excluded))
    if not judged.mentions:
        return found
    keys = Keyring(session, _secret(chain.settings))
    coming = _without_gone(session, judged.mentions, keys)
    found.changed = len(judged.mentions) - len(coming)
    if not coming:
        return found
    scored = _scored(chain, coming, keys, level, mode)
    stays = np.array(
        [
            direction == "out" or chain.brands.speaks(brand, language)
            for brand, language, direction in zip(
                scored["brand"], scored["language"], scored["direction"], strict=True
            )
        ],
        dtype=bool,
    )
    found.left_out.update(_languages(int((~stays).sum())))
    if mode != CORRECTION:
        again = _counted_for_good(session, scored)
        found.left_out.update(_forgotten(int((again & stays).sum())))
        stays &= ~again
    scored = scored[stays].reset_index(drop=True)
    if len(scored):
        found.changed += _save(session, scored, mode=mode, now=pd.Timestamp(now))
        found.changed += _answer(session, coming, keys) + _answered(session, coming, keys)
    if found.changed and len(scored):
        found.earliest = min(scored["created_at"].min(), scored["known_at"].min())
    return found


def _without_gone(session: Session, mentions: Sequence[Mention], keys: Keyring) -> list[Mention]:
    """Mentions without those that only tell that a post we hold was deleted; the texts of these posts go."""
    coming = []
    for mention in mentions:
        if mention.deleted_at is not None:
            id = hash_id(mention.source, mention.id, keys.key(mention.created_at))
            if held_ids(session, mention.source, [id]):
                delete_text(session, mention.source, [id], at=mention.deleted_at)
                continue
        coming.append(mention)
    return coming


def _scored(
    chain: Chain, mentions: Sequence[Mention], keys: Keyring, level: str | None, mode: str
) -> pd.DataFrame:
    """Mentions -> scored mentions as the store takes them, without what the level does not let through."""
    scored = score_mentions(
        mentions,
        languages=chain.languages,
        scorer=chain.scorer,
        topics=chain.topics,
        key=keys.key,
        level=level or chain.settings.social.privacy.level,
        regions=chain.regions,
    )
    return scored.assign(
        question=_questions(mentions, chain.brands),
        assumed=(scored["known_at"] == scored["created_at"]) & (mode != RECEIPT),
        scorer=f"{chain.scorer.name} {chain.scorer.version}",
    )


def take_back(session: Session, chain: Chain, source: str, deletions: Sequence[Deletion]) -> int:
    """The supplier says that these posts are gone: their texts go too. Returns how many were held."""
    if not deletions:
        return 0
    live = Keyring(session, _secret(chain.settings)).live().values()
    ids = [hash_id(source, one.id, key) for one in deletions for key in live]
    return delete_text(session, source, ids, at=max(one.at for one in deletions))


def _secret(settings: Settings) -> str | None:
    held = settings.social.author_key
    return None if held is None else held.get_secret_value()


def _questions(mentions: Sequence[Mention], brands: Brands) -> list[bool]:
    """Whether each post asks something of the company: private, a reply to it, answered, or naming an account of its own.

    Without accounts in the rules nothing tells a question from talk, and every post of others counts as one.
    """
    ours = [brand for brand in brands.rules if not brand.competitor and brand.handles]
    asked = []
    for mention in mentions:
        mine = mention.direction != "out" and mention.repost_of is None
        told = mention.private or mention.replied_at is not None or mention.reply_to is not None
        asked.append(mine and (told or not ours or _addressed(mention.text, ours)))
    return asked


def _addressed(text: str, ours: Sequence[Brand]) -> bool:
    if "@" not in text and "＠" not in text:
        return False
    named = {account(word.rstrip(".,:;!?)")) for word in text.split() if word[0] in "@＠.("}
    return any(named & brand.accounts for brand in ours)


def _save(session: Session, scored: pd.DataFrame, *, mode: str, now: pd.Timestamp) -> int:
    """New posts of a file are known when they were made; those held that say something else now, are known now."""
    received = now.to_pydatetime()
    late = scored["known_at"] < now
    news = scored.assign(known_at=scored["known_at"].mask(late, now), assumed=scored["assumed"] & ~late)
    if mode == RECEIPT:
        return save_mentions(session, news, received=received)
    written = save_mentions(session, scored, received=received, correct=mode == CORRECTION)
    if mode == CORRECTION or written == len(scored):
        return written
    return written + save_mentions(session, news, received=received)


def _counted_for_good(
    session: Session, scored: pd.DataFrame
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which posts lie in a span of their source whose rows are gone, and are not held: counted once already, maybe."""
    spans = load_forgotten(session)
    again = np.zeros(len(scored), dtype=bool)
    if not spans:
        return again
    created = column_ns(scored["created_at"]) // 1000
    sources = scored["source"].to_numpy(dtype=object)
    for source, (first, last) in spans.items():
        mine = (sources == source) & (created >= first) & (created <= last)
        if mine.any():
            held = held_ids(session, source, scored.loc[mine, "id"].tolist())
            again |= mine & ~scored["id"].isin(held).to_numpy()
    return again


def _answer(session: Session, mentions: Sequence[Mention], keys: Keyring) -> int:
    """Our own replies are the answers to the posts they reply to."""
    replies = [one for one in mentions if one.direction == "out" and one.reply_to is not None]
    if not replies:
        return 0
    live, marked = keys.live().values(), 0
    for source in sorted({reply.source for reply in replies}):
        first: dict[str, int] = {}
        for reply in (one for one in replies if one.source == source):
            for key in live:
                id = hash_id(source, reply.reply_to or "", key)
                moment = to_ns(reply.created_at) // 1000
                first[id] = min(first.get(id, moment), moment)
        held = held_ids(session, source, list(first))
        marked += mark_replied(session, source, {id: first[id] for id in sorted(held)})
    return marked


def _answered(session: Session, mentions: Sequence[Mention], keys: Keyring) -> int:
    """Posts whose answer came before them, as from a source that is read from the newest post back."""
    live, marked = tuple(keys.live().values()), 0
    for source in sorted({mention.source for mention in mentions}):
        if not has_answers(session, source):
            continue
        named = {
            hash_id(source, one.id, key): hash_id(source, one.id, keys.key(one.created_at))
            for one in mentions
            if one.source == source and one.direction != "out"
            for key in live  # a reply of another month names the post by that month's key
        }
        first: dict[str, int] = {}
        for id, moment in answers_held(session, source, list(named)).items():
            first[named[id]] = min(first.get(named[id], moment), moment)
        marked += mark_replied(session, source, first)
    return marked


def _why(unrelated: int, excluded: int) -> Mapping[str, int]:
    told = {"posts named none of the brands": unrelated, "posts held an excluded word": excluded}
    return {why: count for why, count in told.items() if count}


def _languages(count: int) -> Mapping[str, int]:
    return {"posts were in a language their brand does not count": count} if count else {}


def _forgotten(count: int) -> Mapping[str, int]:
    why = (
        "posts are of a time whose posts are counted for good and forgotten, and were left out "
        "(import them with --as correction to count them in)"
    )
    return {why: count} if count else {}
