"""Starter topics: every language file has the same sectors and topics, and posts reach the topic they are about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

from forecast.social import topics as module
from forecast.social.topics import Topics

FOLDER = Path(module.__file__).parent / "starter_topics"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
MODEL = "en"
FEWEST = 8

Lists = Mapping[str, Mapping[str, str]]


@cache
def content(language: str) -> Mapping[str, object]:
    loaded = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def sectors(language: str) -> Mapping[str, Lists]:
    """language -> {sector: {topic: entries parted by commas}}"""
    return content(language)["sectors"]  # type: ignore[return-value]


def split(entries: str) -> list[str]:
    return [" ".join(entry.split()) for entry in entries.split(",") if entry.strip()]


def every_topic(language: str) -> list[tuple[str, list[str]]]:
    """language -> (sector.topic, entries) of all its topics"""
    return [
        (f"{sector}.{topic}", split(entries))
        for sector, lists in sectors(language).items()
        for topic, entries in lists.items()
    ]


def compiled(language: str, sector: str) -> Topics:
    return Topics.from_mapping(
        {topic: {language: split(entries)} for topic, entries in sectors(language)[sector].items()}
    )


def assigned(language: str, sector: str, text: str) -> tuple[str, ...]:
    return compiled(language, sector).assign([text], [language])[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_names_its_language(language: str) -> None:
    assert content(language)["language"] == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_sectors_and_topics_of_english(language: str) -> None:
    here = {sector: set(lists) for sector, lists in sectors(language).items()}
    assert here == {sector: set(lists) for sector, lists in sectors(MODEL).items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_has_entries_enough(language: str) -> None:
    assert {name: len(entries) for name, entries in every_topic(language) if len(entries) < FEWEST} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_is_a_single_letter_or_without_a_letter(language: str) -> None:
    bare = [
        (name, entry)
        for name, entries in every_topic(language)
        for entry in entries
        if len(entry.strip("*")) < 2 or not any(letter.isalpha() for letter in entry)
    ]
    assert bare == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_stands_twice_within_a_topic(language: str) -> None:
    twice = [
        (name, entry)
        for name, entries in every_topic(language)
        for entry in sorted({entry for entry in entries if entries.count(entry) > 1})
    ]
    assert twice == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_finds_the_text_it_is_written_for(language: str) -> None:
    """Only the words of a phrase after the first may be stems: another star would never fit."""
    lost: list[tuple[str, str]] = []
    for name, entries in every_topic(language):
        alone = Topics.from_mapping({name: {language: entries}})
        texts = [entry.replace("*", "").replace("#", "2") for entry in entries]
        found = alone.assign(texts, [language] * len(texts))
        lost += [(name, entry) for entry, hit in zip(entries, found, strict=True) if not hit]
        lost += [(name, entry) for entry in entries if " " in entry and "*" in entry.split()[0]]
    assert lost == []


POSTS = {
    "en": [
        ("energy", "outage", "Anyone else in Leeds without power since 6 this morning?"),
        ("energy", "outage", "whole street is dark, when will electricity be restored"),
        ("energy", "billing", "My bill went from 80 to 210 in a month, that can't be right"),
        ("energy", "moving", "We're moving house on the 3rd, how do I let you know?"),
        ("energy", "contract", "Fixed deal ends in June and your new one costs double, so I will switch supplier"),
        ("energy", "meter", "Smart meter has shown nothing but dashes for a week"),
        ("energy", "app_website", "can't log in, it says unknown username"),
        ("energy", "payment", "You've taken the direct debit twice this month!"),
        ("energy", "complaint_service", "55 minutes on hold and then you hung up on me"),
        ("telecom", "outage", "Internet is down again in Bristol, third time this week"),
        ("telecom", "internet_quality", "paying for 500 mbps, speed test says 12"),
        ("telecom", "internet_quality", "wifi keeps dropping in the evening"),
        ("telecom", "mobile", "Does roaming work in Switzerland with my plan?"),
        ("telecom", "mobile", "lost my SIM card, can I keep my number"),
        ("telecom", "billing", "Why was I charged 30 quid extra? Price increase again?"),
        ("telecom", "payment", "is there a payment plan, I can't manage it all at once"),
        ("telecom", "contract", "I want to cancel my subscription, new customers pay half"),
        ("telecom", "installation", "Technician never showed up, took a day off for nothing"),
        ("telecom", "complaint_service", "Spoke to four different agents, nobody could help"),
        ("retail", "delivery", "Courier says delivered but there is no parcel here"),
        ("retail", "returns", "How do I send back the shoes? No return label in the box"),
        ("retail", "refund", "Still no refund after three weeks"),
        ("retail", "order", "Can I still change my order? Picked the wrong address"),
        ("retail", "product", "The zip broke after two days, is that under warranty?"),
        ("retail", "store", "What are the opening hours of the Oxford Street shop on Easter Monday?"),
        ("retail", "app_website", "website crashes at checkout every single time"),
        ("retail", "payment", "discount code does not work and the gift card neither"),
        ("bank", "outage", "Is online banking down for everybody?"),
        ("bank", "login", "locked out after the new phone, no verification code arrives"),
        ("bank", "card", "ATM swallowed my debit card in Rome"),
        ("bank", "transfer", "Salary was sent yesterday and the transfer is still pending"),
        ("bank", "fraud", "Got a text from you asking to confirm a payment, is this a scam?"),
        ("bank", "account", "want to open a joint account, do we both have to come"),
        ("bank", "loan", "mortgage offer takes six weeks, seriously"),
        ("bank", "fees", "Why do you charge a monthly fee for a basic package"),
        ("bank", "complaint_service", "your branch has closed and nobody picks up, I want to complain"),
        ("public_service", "waste", "Recycling was not collected on Tuesday, the bins are overflowing"),
        ("public_service", "roads", "Huge pothole on Station Road, somebody will get hurt"),
        ("public_service", "permits", "applied for a resident parking permit in May, nothing yet"),
        ("public_service", "documents", "My passport expires in two weeks, can it be renewed in a hurry?"),
        ("public_service", "taxes", "council tax up 5% again and for what"),
        ("public_service", "benefits", "Universal credit claim rejected without a reason"),
        ("public_service", "appointments", "No appointments available until August?!"),
        ("public_service", "nuisance", "Abandoned car on our street for months, covered in graffiti"),
        ("public_service", "complaint_service", "reported it 4 times, case closed each time, nothing done"),
    ],
    "nl": [
        ("energy", "outage", "Zitten hier in Breda al een uur zonder stroom"),
        ("energy", "outage", "Is er een stroomstoring in Gent?"),
        ("energy", "billing", "mijn jaarafrekening klopt van geen kanten"),
        ("energy", "moving", "Wij gaan verhuizen, hoe geef ik dat door?"),
        ("energy", "contract", "contract loopt af en jullie nieuwe aanbod is schandalig duur"),
        ("energy", "meter", "slimme meter geeft al weken geen standen door"),
        ("energy", "app_website", "Ik kan niet inloggen in de app"),
        ("energy", "payment", "Er is twee keer afgeschreven deze maand"),
        ("energy", "complaint_service", "Al drie kwartier in de wacht bij jullie klantenservice"),
        ("telecom", "outage", "Internet ligt eruit in Almere, duurt het nog lang?"),
        ("telecom", "internet_quality", "Wat is het wifi weer traag vanavond"),
        ("telecom", "internet_quality", "verbinding valt steeds weg tijdens een vergadering"),
        ("telecom", "mobile", "al de hele dag geen bereik met mijn mobiel"),
        ("telecom", "mobile", "Wanneer is mijn nummer overgezet? Nieuwe simkaart doet niks"),
        ("telecom", "billing", "Waarom is mijn factuur ineens 12 euro hoger?"),
        ("telecom", "payment", "kan ik een betalingsregeling treffen"),
        ("telecom", "contract", "ik wil mijn abonnement opzeggen per direct"),
        ("telecom", "installation", "Monteur zou tussen 8 en 12 komen, weer niemand gezien"),
        ("telecom", "complaint_service", "Zou teruggebeld worden, niks gehoord natuurlijk"),
        ("retail", "delivery", "Pakketje zou gisteren bezorgd worden, niemand aan de deur geweest"),
        ("retail", "returns", "Hoe kan ik de broek terugsturen? Er zat geen retourlabel bij"),
        ("retail", "refund", "ik wacht al een maand op mijn geld terug"),
        ("retail", "order", "Kan ik mijn bestelling nog annuleren?"),
        ("retail", "product", "Na twee keer wassen een scheur in de stof, valt dat onder garantie?"),
        ("retail", "store", "Zijn jullie winkels open op tweede pinksterdag?"),
        ("retail", "app_website", "Website geeft steeds een foutmelding"),
        ("retail", "payment", "Kortingscode werkt niet bij het afrekenen"),
        ("bank", "outage", "Ligt jullie app eruit? Mobiel bankieren werkt niet"),
        ("bank", "login", "Nieuwe telefoon en nu kan ik niet meer inloggen"),
        ("bank", "card", "mijn pas is ingeslikt door de automaat"),
        ("bank", "transfer", "Salaris nog niet bijgeschreven, klopt dat?"),
        ("bank", "fraud", "Kreeg een sms over een verdachte betaling, is dit phishing?"),
        ("bank", "account", "Hoe open ik een kinderrekening voor mijn dochter?"),
        ("bank", "loan", "Wat doet de hypotheekrente volgend jaar denken jullie"),
        ("bank", "fees", "Alweer hogere kosten voor een betaalpakket"),
        ("bank", "complaint_service", "laatste kantoor in het dorp gaat dicht en telefonisch wacht je een uur"),
        ("public_service", "waste", "De papierbak is weer niet geleegd in de Kerkstraat"),
        ("public_service", "roads", "Lantaarnpaal kapot op de hoek, levensgevaarlijk donker"),
        ("public_service", "permits", "Wanneer hoor ik iets over mijn omgevingsvergunning?"),
        ("public_service", "documents", "Mijn rijbewijs is verlopen, kan dat met spoed?"),
        ("public_service", "taxes", "Bezwaar gemaakt tegen de WOZ-waarde"),
        ("public_service", "benefits", "Hoe vraag ik bijzondere bijstand aan?"),
        ("public_service", "appointments", "Pas over 6 weken een afspraak bij het stadhuis?"),
        ("public_service", "nuisance", "Elke nacht geluidsoverlast van de kroeg hiernaast"),
        ("public_service", "complaint_service", "Drie mails gestuurd naar de gemeente, geen antwoord"),
    ],
}  # fmt: skip

# Posts to a carrier mostly have one reason. These must be assigned to it and to no other.
ONE_REASON = {
    "en": [
        ("delay", "Two hours late leaving Denver and now we sit on the tarmac"),
        ("delay", "delayed flight AGAIN, third one this month"),
        ("delay", "We missed our connection because you were waiting for a gate"),
        ("delay", "Train at a standstill outside Crewe, signal failure apparently"),
        ("cancellation", "Flight cancelled because of the storm, rebooked for Thursday"),
        ("cancellation", "Stranded in Dallas overnight, thanks for nothing"),
        ("luggage", "Day three and you still have not found my suitcase"),
        ("luggage", "lost my bag between Paris and Oslo"),
        ("luggage", "Your crew broke my guitar"),
        ("booking", "Trying to change my flight from Monday to Tuesday"),
        ("booking", "My reservation shows the wrong name, can it be corrected?"),
        ("booking", "how many miles do I need for Tokyo"),
        ("refund", "where is my refund? It has been 8 weeks"),
        ("on_board", "No legroom, no food and a broken screen for nine hours"),
        ("on_board", "The flight attendant on the way to Lisbon was an absolute star"),
        ("on_board", "Standing room only, filthy toilets, two carriages on a Friday night"),
        ("boarding", "Denied boarding although we had checked in two hours before"),
        ("app_website", "Your website is broken, nothing but error messages"),
        ("complaint_service", "been on hold for 90 minutes"),
        ("complaint_service", "Nobody answers the phone and the line hangs up after an hour"),
        ("complaint_service", "Rude agent, awful customer service, no apology"),
        ("complaint_service", "Can't get through to anyone, please call me back"),
    ],
    "nl": [
        ("delay", "Weer twintig minuten vertraging op Utrecht Centraal"),
        ("delay", "We staan stil bij Boxtel, iemand enig idee waarom?"),
        ("delay", "Aansluiting gemist, nu een half uur in de kou"),
        ("cancellation", "Trein naar Zwolle rijdt niet"),
        ("cancellation", "vlucht geannuleerd en we zijn gestrand in Malaga"),
        ("luggage", "Onze koffers zijn niet meegekomen uit Rome"),
        ("luggage", "rugzak laten liggen in de trein naar Den Haag"),
        ("booking", "Ik heb de verkeerde datum geboekt, kan dat nog gewijzigd worden?"),
        ("refund", "Wanneer krijg ik mijn geld terug?"),
        ("on_board", "Overvolle trein, geen zitplaats en de airco doet het niet"),
        ("on_board", "wc weer smerig in de intercity"),
        ("boarding", "Poortje gaat niet open, ov-chipkaart werd geweigerd"),
        ("app_website", "De reisplanner geeft een foutmelding"),
        ("complaint_service", "Onbeschofte medewerker aan de balie, ik dien een klacht in"),
        ("complaint_service", "al een uur aan de telefoon met jullie klantenservice"),
    ],
}  # fmt: skip

ABOUT_NOTHING = {
    "en": [
        "Good morning, lovely day everybody",
        "My flight to Boston leaves tomorrow",
        "That's fine, I will deal with it, thank you [link]",
        "Is anybody else here from Seattle? Farewell for now",
    ],
    "nl": [
        "Goedemorgen, fijne dag allemaal",
        "Dat ziet er goed uit, bedankt!",
        "Ik ga pas morgen weer naar mijn werk, een stuk later dan anders [link]",
    ],
}

CASES = [(language, *post) for language, posts in POSTS.items() for post in posts]
TRAVEL = [(language, *post) for language, posts in ONE_REASON.items() for post in posts]
IDLE = [(language, text) for language, texts in ABOUT_NOTHING.items() for text in texts]


@pytest.mark.parametrize(("language", "sector", "topic", "text"), CASES)
def test_a_post_reaches_its_topic(language: str, sector: str, topic: str, text: str) -> None:
    assert topic in assigned(language, sector, text)


@pytest.mark.parametrize(("language", "topic", "text"), TRAVEL)
def test_a_travel_post_with_one_reason_has_one_topic(language: str, topic: str, text: str) -> None:
    assert assigned(language, "travel", text) == (topic,)


@pytest.mark.parametrize(("language", "text"), IDLE)
def test_a_post_about_nothing_has_no_topic(language: str, text: str) -> None:
    assert {
        sector: found for sector in sectors(language) if (found := assigned(language, sector, text))
    } == {}
