"""Words of planners' exports in English, Dutch, German and French, compared without case, blanks, marks and accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_BRACKETS = re.compile(r"\([^)]*\)")
_MARKS = re.compile(r"[\W_]+")


def plain_name(column: str) -> str:
    """`Total Handle Time (Seconds)` -> `totalhandletime`."""
    return _MARKS.sub("", _BRACKETS.sub("", column)).casefold()


def folded(text: str) -> str:
    """`Angebotene Anrufe` -> `angeboteneanrufe`, `Reçus` -> `recus`: plain, and without accents."""
    parts = unicodedata.normalize("NFKD", plain_name(text))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _of(**words: str) -> dict[str, tuple[str, ...]]:
    return {name: _words(text) for name, text in words.items()}


# The first spelling that a header has counts. A name that may mean two things (afhandeltijd: of one contact, or of
# all?) is not here: its column is left out by name, and the planner maps it.
QUEUE: Final = _words(
    """queue queuename wachtrij wachtrijnaam naamwachtrij skill skillname skillnaam skillgroup skillgroep splitskill split
    vdn belgroep warteschlange warteschlangenname fileattente filedattente nomfile nomdelafile"""
)
MOMENT: Final = _words(
    """intervalstart timestamp datetime ds date datumtijd datumentijd datetijd tijdstip intervalbegin beginintervalstart
    startinterval intervalstarttime startdatetime startdatum startdate datumuhrzeit datumzeit zeitstempel zeitpunkt
    dateheure dateetheure horodatage debutintervalle"""
)
DATE: Final = _words(
    """date datum dag day tag jour rowdate calldate startdatum startdate datumvan intervaldate intervaldatum
    gespreksdatum callday"""
)
TIME: Final = _words(
    """time tijd interval tijdvak tijdsinterval tijdinterval timeinterval intervalstart starttime starttijd begintijd
    intervaltime tijdstip tijdblok tijdslot timeslot uurblok halfuur kwartier uur hour van vanaf periode period uhrzeit
    zeit startzeit anfangszeit zeitintervall intervall zeitraum stunde heure heuredebut plagehoraire tranchehoraire
    creneau creneauhoraire intervalle"""
)
COUNTS: Final[Mapping[str, tuple[str, ...]]] = _of(
    offered="""offered contactsoffered callsoffered offeredcalls offeredcontacts noffered aanbod aangeboden aantalaangeboden
        totaalaangeboden aangebodengesprekken aangebodencontacten aangebodencalls aanboden aantalgesprekken aantalcontacten
        aantaloproepen aantalcalls inkomendegesprekken inkomend instroom gesprekken oproepen angeboten angebotene
        angeboteneanrufe angebotenekontakte angebot anzahlanrufe anzahlkontakte eingehendeanrufe eingegangeneanrufe
        offerts appelsofferts contactsofferts appelsrecus appelspresentes presentes recus appelsentrants nombredappels
        nbappels totalcalls totaloffered numberofcalls numberofcontacts callsreceived incomingcalls inboundcalls
        incomingcontactvolume volume calls contacts contacten anrufe kontakte appels aantal anzahl nombre""",
    handled="""handled callshandled contactshandled interactionshandled answered callsanswered answeredcalls acdcalls
        afgehandeld aantalafgehandeld afgehandeldegesprekken beantwoord aantalbeantwoord beantwoordegesprekken
        aangenomen opgenomen bearbeitet angenommen beantwortet angenommeneanrufe bearbeiteteanrufe traites
        appelstraites repondus appelsrepondus decroches""",
    abandoned="""abandoned callsabandoned abandonedcalls abandons abncalls afgehaakt aantalafgehaakt verlaten
        aantalverlaten afgebroken opgehangen abgebrochen aufgelegt verloren abgebrocheneanrufe verloreneanrufe
        abandonnes appelsabandonnes perdus appelsperdus""",
    short_abandoned="""shortabandoned shortabandons shortabandonedcalls kortafgehaakt afgehaaktkort kortverlaten
        kurzabbrecher kurzabgebrochen abandonscourts abandonnescourts""",
    redialled="""redialled redialed redials repeatcalls repeatcallers herhaalbellers herhaaldebellers herhaalverkeer
        wiederanrufer wiederholanrufer rappelants""",
    transferred_in="""transferredin transfersin transferin doorverbonden doorverbondenin inkomenddoorverbonden
        doorverbindingenin weitergeleitet zugestellt transfertsentrants transferesentrants""",
    overflow_in="overflowin flowin overloopin instroomoverloop uberlaufein ueberlaufein debordemententrant",
    overflow_out="overflowout flowout overloopuit uitstroomoverloop uberlaufaus ueberlaufaus debordementsortant",
    callbacks="""callbacks callback callbackrequests terugbelverzoeken terugbelverzoek terugbelafspraken ruckrufe
        rueckrufe ruckrufwunsche rueckrufwuensche demandesderappel rappelsdemandes""",
)
AVERAGE: Final = _words(
    """ahtseconds ahtsec ahts aht ahtinseconds ahtinseconden gemaht avgaht averagehandletime averagehandlingtime
    avghandletime avghandlingtime gemafhandeltijd gemafhandelingstijd gemiddeldeafhandeltijd gemiddeldeafhandelingstijd
    gembehandeltijd gemiddeldebehandeltijd ahtsekunden durchschnbearbeitungszeit durchschnittlichebearbeitungszeit
    mittlerebearbeitungszeit dmt tmt dureemoyennedetraitement dureemoyennetraitement tempsmoyendetraitement"""
)
TOTAL_TIME: Final = _words(
    """totalhandletime totalhandlingtime totalhandleseconds handleseconds handletimetotal totaleafhandeltijd
    totaalafhandeltijd totaleafhandelingstijd totalebehandeltijd gesamtbearbeitungszeit bearbeitungszeitgesamt
    dureetotaledetraitement dureetotaletraitement tempstotaldetraitement"""
)
CHANNEL: Final = _words(
    "channel channeltype kanaal kanaaltype mediatype media medium contacttype contactkanaal kanal kontaktkanal canal"
)
TOPIC: Final = _words(
    """topic contactreden reden contactreason reason callreason onderwerp kontaktgrund anrufgrund grund thema motif
    motifdecontact motifdappel raison sujet"""
)
KNOWN_AT: Final = ("knownat", "bekendop", "bekendsinds", "bekanntab", "connule")
SKILLS: Final = ("skillset", "skills", "skill", "vaardigheid", "fahigkeit", "competence")
LANGUAGE: Final = ("language", "taal", "sprache", "langue")
# Names of other kinds of files and of layouts of suites; they only help to find the row in which the header stands.
OTHERS: Final = _words(
    """signal value kind driver worth name holiday description until weekday opens closes open close validfrom into since
    share group agents count weight queueid intervalduration averagehandletime contactshandled intervalstartutcdate
    intervalstartutc incomingcontactvolume source text createdat id outcome customer answeredat waitedseconds
    handledseconds week month maand jahr jaar year"""
)
KNOWN: Final = frozenset(
    [
        *QUEUE, *MOMENT, *DATE, *TIME, *AVERAGE, *TOTAL_TIME, *CHANNEL, *TOPIC, *KNOWN_AT, *SKILLS, *LANGUAGE, *OTHERS,
        *(word for words in COUNTS.values() for word in words),
    ]
)  # fmt: skip
CHANNELS: Final[Mapping[str, str]] = {
    "telefoon": "phone", "telefonie": "phone", "telefonisch": "phone", "bellen": "phone", "gesprek": "phone",
    "telefon": "phone", "anruf": "phone", "telephone": "phone", "téléphone": "phone", "appel": "phone", "inbound": "phone",
    "courriel": "email", "mails": "email", "emails": "email",
}  # fmt: skip

_TOTAL_WORD = (
    r"(?:sub|eind|dag|week|maand|grand|overall|general|algemeen|zwischen|gesamt|sous|tages|wochen|end)?[\s-]*"
    r"(?:totaal|totalen|total|totals|totaux|sum|som|summe|gesamt|insgesamt|somme)"
)
TOTAL: Final = re.compile(rf"[\s*_(]*(?:{_TOTAL_WORD})(?![^\W\d_]).*|.*\s{_TOTAL_WORD}[\s:*.)]*", re.I | re.S)
ONLY_TOTAL: Final = re.compile(rf"[\s*_(]*(?:{_TOTAL_WORD}|alle|all|alles)[\s:*.)]*", re.I)
FOOTER: Final = re.compile(
    r"[\s*•(]*(?:gegenereerd|generated|aangemaakt|gemaakt|created|erstellt|généré|genere|créé|exported|geëxporteerd|export|"
    r"exportiert|exporté|printed|afgedrukt|gedruckt|bron\b|source\b|quelle\b|pagina\b|page\b|seite\b|opmerking|toelichting|noot\b|"
    r"notes?\b|hinweis|anmerkung|remarque|let op|legenda|filters?\b|copyright|©|report\b|rapport\b|bericht\b|laatst|last\b|"
    r"stand\b|einde\b|end of|\(c\)|\*|[0-9,.]+\s+(?:rows?|rijen|zeilen|lignes|records?)\b)",
    re.I,
)  # fmt: skip


def is_share(column: str) -> bool:
    """`Afgehaakt %`: a share, never a count."""
    return "%" in column or bool(
        re.search(r"\b(?:percentage|percent|perc|pct|prozent|pourcentage|ratio|rate)\b", column, re.I)
    )
