"""What a finding says, in the language of the page: the examination says it in English, of which the Dutch is made here.

A sentence that is not known here stays as it is.
"""

from __future__ import annotations

import re

from api.dashboard.words import MONTHS, Words
from forecast.quality.findings import Finding

NUMBER = r"([\d,.]*\d)"
DUTCH: tuple[tuple[str, str], ...] = (
    (rf"{NUMBER} contacts, where about {NUMBER} are usual \({NUMBER} times\)\.", "{0} contacten, waar er ongeveer {1} gewoon zijn ({2} keer zoveel)."),
    (rf"{NUMBER} contacts in one row, where about {NUMBER} are usual; the rows beside are as usual\.", "{0} contacten in één rij, waar er ongeveer {1} gewoon zijn; de rijen ernaast zijn gewoon."),
    (rf"From (\d\d:\d\d) to (\d\d:\d\d) no contact came, where about {NUMBER} are usual\.", "Van {0} tot {1} kwam er geen contact, waar er ongeveer {2} gewoon zijn."),
    (rf"1 open day has no contact, where about {NUMBER} are usual\.", "Eén open dag heeft geen contact, waar er ongeveer {0} gewoon zijn."),
    (rf"(\d+) open days have no contact, where about {NUMBER} are usual\.", "{0} open dagen hebben geen contact, waar er ongeveer {1} gewoon zijn."),
    (rf"From (\S+) on (\d+)% fewer contacts: {NUMBER} a day before, {NUMBER} after\.", "Vanaf {0} {1} % minder contacten: {2} per dag ervoor, {3} erna."),
    (rf"From (\S+) on (\d+)% more contacts: {NUMBER} a day before, {NUMBER} after\.", "Vanaf {0} {1} % meer contacten: {2} per dag ervoor, {3} erna."),
    (r"No contact since (\S+), while other queues go on\.", "Geen contact sinds {0}, terwijl andere wachtrijen doorgaan."),
    (rf"{NUMBER} contacts on {NUMBER} days \({NUMBER}%\) came outside the opening hours: .*\.", "{0} contacten op {1} dagen ({2} %) kwamen buiten de openingstijden."),
    (rf"On {NUMBER} days more contacts were \S+ than offered, {NUMBER} in all\.", "Op {0} dagen zijn er meer contacten afgehandeld of afgehaakt dan aangeboden, {1} in totaal."),
    (rf"{NUMBER} times the usual, and every value is even\.", "{0} keer het gewone, en elke waarde is even."),
    (r"(\d+) days? (?:is|are), value by value, those of (\d+) days before.*\.", "{0} dag(en) zijn, waarde voor waarde, die van {1} dagen eerder."),
    (r"(\d+) days? (?:is|are), value by value, those of the queue (.+) on the same days\.", "{0} dag(en) zijn, waarde voor waarde, die van wachtrij {1} op dezelfde dagen."),
    (rf"The hour from (.+): {NUMBER} contacts, where (?:twice )?{NUMBER} are usual\.", "Het uur rond de klokverzetting: {1} contacten, waar er naar verhouding {2} gewoon zijn."),
    (r"(\d+) days hold (.+)\.", "{0} dagen hebben totalen van een langer interval."),
    (r"At (\d+) clock changes? the shape of the day moves by an hour against (.+)\.", "Bij {0} klokverzetting(en) verschuift de vorm van de dag een uur ten opzichte van {1}."),
    (r"The shape of the day lies an hour earlier than before\.", "De vorm van de dag ligt een uur eerder dan daarvoor."),
    (r"The shape of the day lies an hour later than before\.", "De vorm van de dag ligt een uur later dan daarvoor."),
    (r"The times in the file are not of (.+)\.", "De tijden in het bestand zijn niet van {0}."),
    (rf"{NUMBER} rows hold (.+)\.", "{0} rijen hebben een onwaarschijnlijke afhandeltijd."),
    (rf"About {NUMBER} contacts a day come by (.+) instead of (.+)\.", "Ongeveer {0} contacten per dag komen via {1} in plaats van {2}."),
    (r"The file was cut off, or the queue closed early\.", "Het bestand is afgebroken, of de wachtrij sloot eerder."),
    (r"The file begins late, or the queue opened late\.", "Het bestand begint laat, of de wachtrij opende later."),
    (r"The line was down, or rows are missing\.", "De lijn lag eruit, of er ontbreken rijen."),
    (r"The rows say zero: the line was down, or the export failed\.", "De rijen zeggen nul: de lijn lag eruit, of de export mislukte."),
    (r"The rows of these days were not in the files\.", "De rijen van deze dagen stonden niet in de bestanden."),
    (r"A closed day that the calendar does not name\?.*", "Een gesloten dag die niet in de kalender staat?"),
    (r"A change of the whole company: a price, a product, a way in\.", "Een verandering van het hele bedrijf: een prijs, een product, een ingang."),
    (r"Contacts of another queue, or of one not held here, come to it, or no longer do; or its customers changed\.", "Contacten van een andere wachtrij komen erbij of juist niet meer, of het klantbestand is veranderd."),
    (r"The queue was closed down, or its rows are no longer in the files\.", "De wachtrij is opgeheven, of staat niet meer in de bestanden."),
    (r"It is called (.+) since: that queue began then, with the same shape of the day\.", "Zij heet sindsdien {0}: die wachtrij begon toen, met dezelfde vorm van de dag."),
    (r"An incident: posts about (.+) at (\d+) times their usual\.", "Een incident: berichten over {0} op {1} keer het gewone."),
    (r"A peak that was warned of: (.+)\.", "Een piek waarvoor gewaarschuwd is: {0}."),
    (r"A letter, invoice run or campaign of these days\.", "Een brief, factuurrun of campagne van die dagen."),
    (r"A day beside (.+)\.", "Een dag naast {0}."),
    (r"A typing error, or a sum in one row\.", "Een typefout, of een totaal in één rij."),
    (r"The rows were added up twice\.", "De rijen zijn dubbel opgeteld."),
    (r"The rows of the day were counted twice\? The shape of the day is as usual\.", "Zijn de rijen van die dag dubbel geteld? De vorm van de dag is gewoon."),
    (r"A special day that the calendar does not name, or rows that are missing\?", "Een bijzondere dag die niet in de kalender staat, of rijen die ontbreken?"),
    (r"The rows of (\S+) were copied under another date\.", "De rijen van {0} zijn onder een andere datum gekopieerd."),
    (r"The same rows came in under two names: (.+) and (.+)\.", "Dezelfde rijen kwamen onder twee namen binnen: {0} en {1}."),
    (r"The queue is open on more days than given\.", "De wachtrij is op meer dagen open dan opgegeven."),
    (r"The queue is open on a weekday that is given as closed\.", "De wachtrij is open op een weekdag die als gesloten is opgegeven."),
    (r"The opening hours given are not those of the queue\.", "De opgegeven openingstijden zijn niet die van de wachtrij."),
    (r"The file has rows in the hour that did not exist: its times are of another zone\.", "Het bestand heeft rijen in het uur dat niet bestond: de tijden zijn van een andere zone."),
    (r"Offered is without transfers or overflow from other queues, or columns were mixed up\.", "Het aanbod is zonder doorverbonden contacten of overloop van andere wachtrijen, of er zijn kolommen verwisseld."),
)  # fmt: skip
ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def told(one: Finding, words: Words) -> tuple[str, str]:
    """(what it says, what may be behind it), with dates as the page writes them."""
    return tuple(_dates(_in(text, words), words) for text in (one.says, one.guess))  # type: ignore[return-value]


def _in(text: str, words: Words) -> str:
    if words.language != "nl" or not text:
        return text
    for pattern, template in DUTCH:
        found = re.fullmatch(pattern, text)
        if found:
            return template.format(*(_number(part) for part in found.groups()))
    return text


def _number(part: str) -> str:
    """`1,245` -> `1.245`, `4.4` -> `4,4`; other texts as they are."""
    return part.translate(str.maketrans(",.", ".,")) if re.fullmatch(r"[\d,.]+", part) else part


def _dates(text: str, words: Words) -> str:
    """2026-10-03 -> 3 Oct 2026."""
    return ISO.sub(lambda at: f"{int(at[3])} {MONTHS[words.language][int(at[2]) - 1]} {at[1]}", text)
