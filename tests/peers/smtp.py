"""A mail server on loopback that keeps what it is given: as much of RFC 5321 as a client needs to hand over a letter."""

from __future__ import annotations

import socketserver
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.peers.serving import Serving


class MailServer(Serving):
    """letters: what was taken, with the addresses it was taken for.

    refuse: address -> the line it is refused with. busy: so many letters are turned away with 451 first.
    hangs_up: the connection is closed after a letter was taken and before that is said.
    """

    def __init__(self) -> None:
        self.letters: list[tuple[EmailMessage, list[str]]] = []
        self.refuse: dict[str, str] = {}
        self.busy = 0
        self.hangs_up = False

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        mail = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line: str) -> None:
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self) -> None:
                self.say("220 loopback")
                to: list[str] = []
                while line := self.rfile.readline().decode().strip():
                    verb = line[:4].upper()
                    if verb in ("EHLO", "HELO"):
                        self.say("250 loopback")
                    elif verb == "MAIL":
                        to.clear()
                        self.say("250 ok")
                    elif verb == "RCPT":
                        self.receiver(line, to)
                    elif verb == "DATA":
                        if not self.letter(to):
                            return
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok" if verb in ("RSET", "NOOP") else "502 unknown")

            def receiver(self, line: str, to: list[str]) -> None:
                address = line.partition("<")[2].partition(">")[0]
                if address not in mail.refuse:
                    to.append(address)
                self.say(mail.refuse.get(address, "250 ok"))

            def letter(self, to: list[str]) -> bool:
                self.say("354 go on")
                lines = []
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line[1:] if line.startswith(b"..") else line)
                if mail.busy:
                    mail.busy -= 1
                    self.say("451 later")
                    return True
                letter = message_from_bytes(b"".join(lines), policy=policy.default)
                assert isinstance(letter, EmailMessage)
                mail.letters.append((letter, list(to)))
                if mail.hangs_up:
                    return False
                self.say("250 taken")
                return True

        return Handler
