"""Mutations of written text: what a bad line, a broken disk, a wrong encoding make of a delimited file."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from tests.fuzz import dumb
from tests.fuzz.cases import Case
from tests.fuzz.files import to_csv, to_text
from tests.fuzz.sheets import Sheet, meaning_of

CUT = "cut|breaks off|whole|line end|never closed"


def truncated(sheet: Sheet, chance: random.Random) -> Case:
    """Cut at any byte: whole rows may be gone without a trace, half a number may not come in as a whole one."""
    data = to_csv(sheet)
    data = data[: chance.randrange(len(data))]
    return Case("truncated", data, meaning_of(sheet), told=CUT, loss_is_free=True)


def truncated_near_end(sheet: Sheet, chance: random.Random) -> Case:
    """Cut within the last row."""
    data = to_csv(sheet)
    return Case(
        "truncated near its end",
        data[: -chance.randint(1, 40)],
        meaning_of(sheet),
        told=CUT,
        loss_is_free=True,
    )


def flipped(sheet: Sheet, chance: random.Random) -> Case:
    """A few bytes are others, missing or too many; the meaning is what each line still says."""
    data = bytearray(to_csv(sheet))
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        place, what = chance.randrange(len(data)), chance.random()
        if what < 0.5:
            data[place] ^= 1 << chance.randrange(8)
        elif what < 0.7:
            data[place] = chance.randrange(256)
        elif what < 0.85 and len(data) > 2:
            del data[place]
        else:
            data.insert(place, chance.randrange(256))
    return Case("bytes flipped", bytes(data), dumb.read(bytes(data), sheet))


def mixed_encodings(sheet: Sheet, chance: random.Random) -> Case:
    """The first lines in UTF-8, the others in the Windows code page, or the other way round."""
    text = to_text(sheet)
    at = text.find(sheet.newline, chance.randrange(len(text))) + len(sheet.newline)
    first, second = chance.choice((("utf-8", "cp1252"), ("cp1252", "utf-8")))
    try:
        data = text[:at].encode(first) + text[at:].encode(second)
    except UnicodeEncodeError:
        data = text.encode("utf-8")
    return Case("mixed encodings", data, meaning_of(sheet))


def one_latin_byte(sheet: Sheet, chance: random.Random) -> Case:
    """UTF-8 with a lone byte of the Windows code page in one name."""
    rows = to_text(sheet).encode().split(sheet.newline.encode())
    at = chance.randrange(1, max(2, len(rows) - 1))
    spoiled = [*rows[:at], rows[at] + b"" if not rows[at] else b"\xe9" + rows[at], *rows[at + 1 :]]
    data = sheet.newline.encode().join(spoiled)
    plain = Sheet(**{**vars(sheet), "encoding": "utf-8"})
    return Case("one byte of another encoding", data, dumb.read(data, plain))


def marks_inside(sheet: Sheet, chance: random.Random) -> Case:
    """Two files with a byte order mark joined: the second mark stands in the middle."""
    text = to_text(sheet)
    rows = text.split(sheet.newline)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(1, len(rows))
        rows[at] = "\ufeff" + rows[at]
    return Case("byte order mark inside", sheet.newline.join(rows).encode("utf-8-sig"), meaning_of(sheet))


def nul_bytes(sheet: Sheet, chance: random.Random) -> Case:
    """Zero bytes, as a crashed writer leaves them: at the end or anywhere."""
    data = bytearray(to_csv(sheet))
    if chance.random() < 0.5:
        data += b"\0" * chance.randint(1, 4096)
    else:
        at = chance.randrange(len(data))
        data[at:at] = b"\0" * chance.randint(1, 8)
    return Case("zero bytes", bytes(data), meaning_of(sheet))


def line_ends(sheet: Sheet, chance: random.Random) -> Case:
    """Carriage returns alone, or all kinds of line ends in one file."""
    lines = to_text(sheet).split(sheet.newline)
    if chance.random() < 0.5:
        text = "\r".join(lines)
    else:
        text = "".join(line + chance.choice(("\n", "\r\n", "\r\r\n")) for line in lines)
    encoding = "cp1252" if sheet.encoding == "cp1252" else "utf-8"
    return Case("other line ends", text.encode(encoding), meaning_of(sheet), must=sheet.must)


def open_quote(sheet: Sheet, chance: random.Random) -> Case:
    """A quotation mark that is never closed, or closed rows later."""
    cells, text = sheet.delimiter, to_text(sheet)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = text.find(cells, chance.randrange(len(text)))
        at = chance.randrange(len(text)) if at < 0 or chance.random() < 0.3 else at + 1
        text = text[:at] + '"' + text[at:]
    data = text.encode("cp1252" if sheet.encoding == "cp1252" else "utf-8")
    plain = Sheet(**{**vars(sheet), "encoding": "utf-8"})
    return Case(
        "open quote",
        data,
        {**dumb.read(data, plain), **meaning_of(sheet)},
        told="quot",
        needed=frozenset(meaning_of(sheet)),
    )


def quoted(sheet: Sheet, chance: random.Random) -> Case:
    """Every cell between quotation marks."""
    lines = to_text(sheet).split(sheet.newline)
    spelled = [
        sheet.delimiter.join(f'"{cell}"' for cell in line.split(sheet.delimiter)) for line in lines if line
    ]
    encoding = "cp1252" if sheet.encoding == "cp1252" else "utf-8"
    return Case(
        "quoted", (sheet.newline.join(spelled) + "\n").encode(encoding), meaning_of(sheet), must=sheet.must
    )


def junk(sheet: Sheet, chance: random.Random) -> Case:
    """No file at all."""
    made: Mapping[str, bytes] = {
        "nothing": b"",
        "a byte order mark": b"\xef\xbb\xbf",
        "blank lines": b"\r\n \r\n;;;\r\n",
        "noise": chance.randbytes(chance.randint(1, 3000)),
        "a heading": to_text(sheet).split(sheet.newline)[0].encode("utf-8", "replace"),
        "a web page": b"<html><table><tr><td>queue</td></tr></table></html>",
        "zeros": bytes(chance.randint(1, 3000)),
        "a zip that is none": b"PK\x03\x04" + chance.randbytes(200),
        "a Parquet that is none": b"PAR1" + chance.randbytes(200) + b"PAR1",
        "an old workbook": b"\xd0\xcf\x11\xe0" + chance.randbytes(200),
        "one word": b"queue",
        "prose": b"Beste collega, hierbij de cijfers; groet, Jan\n" * 30,
    }
    name = chance.choice(sorted(made))
    return Case(name, made[name], {}, must="refuse")


SPOILED: tuple[Callable[[Sheet, random.Random], Case], ...] = (
    truncated, truncated, truncated_near_end, flipped, flipped, flipped, mixed_encodings, one_latin_byte, marks_inside,
    nul_bytes, line_ends, open_quote, quoted, junk,
)  # fmt: skip
