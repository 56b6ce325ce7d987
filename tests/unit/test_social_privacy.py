"""Nothing that leads to a person stays in a text that is kept."""

from __future__ import annotations

import pytest

from forecast.errors import ConfigError
from forecast.social.privacy import LONGEST, hash_author, strip


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("@vattenfall geen stroom", "@user geen stroom"),
        ("via @jan@mastodon.nl en @piet.bsky.social", "via @user en @user"),
        ("&#64;jan &lt;3 &amp; zo", "@user <3 & zo"),
        ("mail jan.jansen+x@kpn-mail.nl aub", "mail [email] aub"),
        ("zie https://x.nl/a?b=c en www.site.nl/y t.co/abc", "zie [link] en [link] [link]"),
        ("bel 06-12345678 of +31 20 123 4567", "bel [phone] of [phone]"),
        ("rekening NL91 ABNA 0417 1643 00 dus", "rekening [iban] dus"),
        ("ik woon 1234 AB 12 hier", "ik woon [address] hier"),
        ("adres 1234ab 12a", "adres [address]"),
        ("klantnummer 7654321", "klantnummer [number]"),
        ("order NL-7654321X", "order [number]"),
    ],
)
def test_what_leads_to_a_person_becomes_a_placeholder(text: str, kept: str) -> None:
    assert strip(text) == kept


@pytest.mark.parametrize(
    "text", ["al 3 weken", "in 2026 om 10:30", "€ 1.250,50 per jaar", "10/10 top", "op 2026-03-01"]
)
def test_plain_numbers_stay(text: str) -> None:
    assert strip(text) == text


def test_a_long_text_is_cut_before_a_number_and_not_through_it() -> None:
    assert strip("a " * (LONGEST // 2 - 2) + "0612345678").endswith("a")


def test_an_author_is_found_again_under_any_spelling_but_only_with_the_key() -> None:
    assert hash_author("@Jan ", b"key") == hash_author("jan", b"key")
    assert hash_author("jan", b"key") != hash_author("jan", b"other")
    assert len(hash_author("\ud800", b"key")) == 32


@pytest.mark.parametrize("key", [b"", b"x" * 65])
def test_a_key_that_hides_nobody_is_refused(key: bytes) -> None:
    with pytest.raises(ConfigError):
        hash_author("jan", key)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mijn order 4711 is er nog niet", "mijn order [number] is er nog niet"),
        ("klantnummer: 12345, help!", "klantnummer: [number], help!"),
        ("booking ref AB-123D please", "booking ref [number] please"),
        ("Kundennummer 99-812 seit Tagen", "Kundennummer [number] seit Tagen"),
        ("case #7781 still open", "case #[number] still open"),
        ("numéro de dossier 8812", "numéro de dossier [number]"),
        ("in 2026 om 10 uur 30 minuten gewacht", "in 2026 om 10 uur 30 minuten gewacht"),
        ("ordered 3 pizzas for 120 euro", "ordered 3 pizzas for 120 euro"),
        ("order within 3 days or in case of 40 people", "order within 3 days or in case of 40 people"),
    ],
)
def test_order_and_customer_numbers_leave_and_other_numbers_stay(text: str, kept: str) -> None:
    assert strip(text) == kept


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("NL", "020 123 45 67"),
        ("DE", "030 1234 5678"),
        ("ES", "612 34 56 78"),
        ("BE", "02 345 67 89"),
        ("GB", "020 7946 0958"),
    ],
)
def test_phone_numbers_leave_as_the_companys_country_writes_them(country: str, number: str) -> None:
    assert strip(f"bel {number} nu", regions=(country,)) == "bel [phone] nu"


def test_the_version_of_a_program_is_no_phone_number() -> None:
    assert strip("versie 8.4.21.508 werkt niet") == "versie 8.4.21.508 werkt niet"
