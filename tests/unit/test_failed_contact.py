"""Who tried another channel in vain: sentences written for this test, apart from the lists they are held against."""

from __future__ import annotations

import pytest

from forecast.errors import ConfigError
from forecast.social import failed_contact
from forecast.social.failed_contact import follows_failed_contact, phrases

TELL = {
    "nl": (
        "Ik sta nu al drie kwartier in de wacht, is er nog iemand?",
        "Al vier keer gebeld en nog geen stap verder",
        "Vorige week gemaild over mijn jaarrekening, niks meer van vernomen",
        "Ik krijg geen antwoord op de mails die ik jullie stuurde",
        "Niemand neemt de telefoon op bij die storingsdienst",
        "Jullie chat werkt niet, dan maar via twitter",
        "Zouden mij terugbellen maar dat is dus niet gebeurd",
        "Probeer jullie al de hele dag te bellen",
        "Ik word van het kastje naar de muur gestuurd",
        "Al mijn brieven en berichten worden genegeerd",
        "Er zijn nog 34 wachtenden voor u, dank je de koekoek",
        "Gisteren nog een formulier ingevuld, geen reactie gehad",
        "Telefonisch zijn jullie onbereikbaar op dit moment",
    ),
    "en": (
        "Been on hold for fifty minutes now, is anybody there?",
        "Called three times this morning and I am none the wiser",
        "nobody answers the phone at your office",
        "Still no reply to my e-mail about the meter",
        "Emailed you last week about the move, what is happening?",
        "Your chat hung up on my mother while she was typing",
        "I've tried calling but all I get is a machine",
        "can't get through to anyone, power has been out since noon",
        "They never called me back like they said",
        "Every letter I wrote to you has been ignored",
        "The phone lines are always busy, do something",
        "dm'd your support team, radio silence",
        "I am number 41 in the queue, joy",
    ),
    "de": (
        "Ich hänge seit 40 Minuten in der Warteschleife",
        "Schon fünf mal angerufen, immer dieselbe Ansage",
        "Bei der Störungsstelle geht keiner ans Telefon",
        "Keine Antwort auf meine Mail von Montag",
        "Letzte Woche geschrieben und bis heute keine Rückmeldung",
        "Euer Chat bricht ab sobald ich meine Kundennummer nenne",
        "Hotline ist nicht erreichbar, was nun?",
        "Die haben mich nie zurückgerufen",
        "Meine Briefe werden einfach ignoriert",
    ),
    "fr": (
        "Déjà 45 minutes en attente au téléphone, c'est long",
        "J'ai appelé quatre fois cette semaine",
        "Personne ne répond au numéro d'urgence",
        "Aucune réponse à mes deux mails",
        "Votre service client est injoignable depuis lundi",
        "On m'a raccroché au nez ce matin",
        "Toujours pas de réponse, pourtant j'ai écrit en mai",
        "Votre chat ne marche pas, il se ferme tout seul",
        "Le conseiller devait me rappeler hier",
    ),
    "es": (
        "Llevo una hora esperando al teléfono con vosotros",
        "He llamado cinco veces y todo sigue igual",
        "Nadie contesta en el número de averías",
        "Sin respuesta a mi correo del lunes",
        "Vuestro chat se cuelga cada vez que pregunto por la factura",
        "No cogen el teléfono nunca",
        "Envié un correo hace tres semanas",
        "Quedaron en llamarme y aquí sigo",
        "Todas mis cartas las han ignorado, una tras otra",
    ),
    "it": (
        "Sono quaranta minuti in attesa con la vostra assistenza",
        "Ho chiamato tre volte questa settimana",
        "Nessuno risponde al numero dei guasti",
        "Nessuna risposta alle mie email di marzo",
        "La vostra chat non funziona mai quando serve",
        "Non sono mai stato richiamato dal tecnico",
        "Impossibile parlare con un operatore",
        "La linea è sempre occupata, ci rinuncio",
        "Mandato una pec la settimana scorsa, tutto tace",
    ),
    "pt": (
        "Estou há 50 minutos em espera, alguém aí?",
        "Já liguei quatro vezes hoje",
        "Ninguém atende na linha de avarias",
        "Sem resposta ao meu email de segunda",
        "O vosso chat fechou a meio da conversa",
        "Não consigo falar com nenhum humano",
        "Ficaram de me ligar e até agora silêncio",
        "A ligação cai sempre que chega a minha vez",
        "Mandei uma mensagem há duas semanas",
    ),
    "no": (
        "Har sittet 40 minutter i telefonkø hos dere",
        "Jeg har ringt fire ganger i dag",
        "Ingen svarer på vakttelefonen deres",
        "Fortsatt ikke fått svar på e-posten min",
        "Chatten deres krasjer hver gang",
        "Det er umulig å komme gjennom til kundeservice",
        "Dere lovet å ringe tilbake i går",
        "Sendte mail forrige uke om flyttingen",
        "Alle meldingene mine blir ignorert",
    ),
    "ru": (
        "Уже 40 минут на линии, кто-нибудь живой есть?",
        "Звонила три раза, толку ноль",
        "На горячую линию не дозвониться с утра",
        "Никто не берёт трубку в аварийной службе",
        "Нет ответа на моё письмо от понедельника",
        "Ваш чат не отвечает второй день",
        "Обещали перезвонить ещё вчера",
        "Все мои обращения игнорируются",
        "В поддержку писал неделю назад, тишина",
    ),
    "ja": (
        "停電なのに電話が全然つながらない",
        "もう3回電話したけど同じ案内だけ",
        "コールセンターに40分待たされた",
        "先週メールしたのに返信がない",
        "チャットが途中で切れたんだけど",
        "何度も問い合わせしてるのに進まない",
        "折り返しの電話が来ない",
        "窓口をたらい回しにされた",
        "メールを送ったけど、無視されているみたい",
    ),
}
NEAR_MISSES = {
    "nl": (
        "Net gebeld, supersnel geholpen!",
        "Ik bel jullie morgen wel even",
        "Nooit in de wacht gestaan bij jullie, top",
        "Mijn telefoon is kapot en mijn stroom ook",
        "Geen stroom in de hele straat. Stuur ik jullie een mail?",
        "Leuke mail gekregen over zonnepanelen",
        "Niemand hier heeft nog warm water",
    ),
    "en": (
        "just called them, great help",
        "I will call you tomorrow about the meter",
        "You called me three times about an offer I do not want",
        "Never been on hold for long with this lot, bravo",
        "My order is on hold for some reason",
        "Got your e-mail, thanks. No power again though",
        "Nobody in our street has gas",
        "Your chat was quick and friendly",
    ),
    "de": (
        "Gerade angerufen, sofort geholfen, danke",
        "Ich rufe morgen mal an",
        "Nie in der Warteschleife gewartet, super",
        "Kein Strom in der ganzen Straße",
        "Eure Mail ist angekommen, danke",
    ),
    "fr": (
        "Je viens d'appeler, réponse immédiate, bravo",
        "Je vous appelle demain",
        "Plus de courant dans tout le quartier",
        "Merci pour le mail, tout est clair",
    ),
    "es": (
        "Acabo de llamar y me atendieron de maravilla",
        "Mañana os llamo",
        "Nadie tiene luz en mi calle",
        "Gracias por el correo, todo resuelto",
    ),
    "it": (
        "Ho appena chiamato, gentilissimi",
        "Vi chiamo domani",
        "Nessuno ha la corrente nella mia via",
        "Grazie per la mail, tutto chiaro",
    ),
    "pt": (
        "Acabei de ligar e fui logo atendida, obrigada",
        "Ligo amanhã para tratar disso",
        "Ninguém tem luz na minha rua",
        "Recebi o vosso email, obrigado",
    ),
    "no": (
        "Ringte nettopp, kjempegod hjelp",
        "Jeg ringer dere i morgen",
        "Ingen har strøm i gata vår",
        "Takk for mailen, alt er i orden",
    ),
    "ru": (
        "Только что позвонил, сразу помогли",
        "Завтра вам позвоню",
        "Ни у кого на улице нет света",
        "Спасибо за письмо, всё понятно",
    ),
    "ja": (
        "さっき電話したらすぐ対応してくれた",
        "明日電話します",
        "うちの通りは全部停電です",
        "メールありがとうございます、解決しました",
    ),
}
OF_ALL = sorted(TELL)


@pytest.mark.parametrize("language", OF_ALL)
def test_who_tried_in_vain_is_understood(language: str) -> None:
    texts = TELL[language]
    told = follows_failed_contact(texts, [language] * len(texts))
    assert [text for text, found in zip(texts, told, strict=True) if not found] == []


@pytest.mark.parametrize("language", OF_ALL)
def test_who_reached_somebody_or_did_not_try_is_left_alone(language: str) -> None:
    texts = NEAR_MISSES[language]
    told = follows_failed_contact(texts, [language] * len(texts))
    assert [text for text, found in zip(texts, told, strict=True) if found] == []


@pytest.mark.parametrize("language", OF_ALL)
def test_every_language_has_enough_phrases(language: str) -> None:
    own = phrases()[language]
    tells = {phrase for phrase, part in own.items() if part == "tells"}
    assert len({phrase.split()[0] for phrase in tells}) >= (15 if language in ("nl", "en") else 8)
    assert len(tells) >= 60 and len(own) <= 5_000  # alternatives multiply, and reading them takes time
    assert {"channels", "vain", "tells_not"} <= set(own.values())


def test_no_phrase_is_written_in_a_way_that_never_matches() -> None:
    for language, own in phrases().items():
        for phrase in own:
            words = phrase.split()
            assert len(words) == 1 or not words[0].endswith("*"), (language, phrase)
            assert all(word == "#" for word in words if "#" in word), (language, phrase)


def test_figures_and_number_words_are_numbers() -> None:
    assert follows_failed_contact(
        ["called 3 times", "called seven times", "called some times"], ["en"] * 3
    ) == [
        True,
        True,
        False,
    ]


def test_a_channel_and_a_vain_word_in_two_sentences_say_nothing() -> None:
    together, parted = "your e-mail about no reply", "Thanks for your e-mail. No reply needed? No reply!"
    assert follows_failed_contact([together, parted], ["en", "en"]) == [True, False]


def test_a_channel_and_a_vain_word_far_apart_say_nothing() -> None:
    far = "the phone I bought from my neighbour with the red car last summer gave no answer"
    assert follows_failed_contact([far], ["en"]) == [False]


def test_a_post_in_a_language_without_phrases_is_held_against_all() -> None:
    assert follows_failed_contact(
        ["been on hold for ages", "Hele dagen zon", ""], ["other", "xx", "other"]
    ) == [
        True,
        False,
        False,
    ]


def test_nothing_given_is_nothing_found() -> None:
    assert follows_failed_contact([], []) == []


def test_an_entry_that_multiplies_beyond_measure_is_refused() -> None:
    with pytest.raises(ConfigError, match="written out"):
        list(failed_contact._written_out("(a|b|c|d|e|f)" * 5, "xx.tells"))
    with pytest.raises(ConfigError, match="written out"):
        list(failed_contact._written_out("on (hold (again|still)", "xx.tells"))
