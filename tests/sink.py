"""A real mail server for tests: it takes mail over TCP, and can hang up at any word of the conversation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

VERBS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "end of DATA", "taken", "QUIT")
"""Where a connection can break. After "taken" the mail is there, but its sender never hears of it."""


@dataclass
class Taken:
    """One mail as it arrived: who from and to on the envelope, and the message."""

    mail_from: str
    recipients: list[str]
    message: Message
    raw: bytes

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return str(self.message.get_payload(decode=True).decode())  # type: ignore[union-attr]


@dataclass
class Sink:
    """What came in; `hangs_up_at` breaks connections there, `answers` gives a code instead of taking a recipient."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    hangs_up_at: str = ""
    refuses_with: str = ""
    connections: int = 0
    scheme: str = "smtp+plain"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[Taken]:
        return [one for one in self.taken if one.recipients == [address]]


class _Talk(SMTP):
    """The conversation, with a place to hang up at each word."""

    sink: Sink

    def connection_made(self, transport: Any) -> None:
        self.sink.connections += 1
        super().connection_made(transport)
        if self.sink.hangs_up_at == "connect":
            transport.abort()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not self._hung_up("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not self._hung_up("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not self._hung_up("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not self._hung_up("DATA"):
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        if not self._hung_up("QUIT"):
            await super().smtp_QUIT(arg)

    def _hung_up(self, verb: str) -> bool:
        is_here = self.sink.hangs_up_at == verb
        if is_here:
            self.transport.abort()  # type: ignore[union-attr]
        return is_here


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.sink.refuses_with:
            return self.sink.refuses_with
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if self.sink.hangs_up_at == "end of DATA":
            server.transport.abort()
            return "451 gone"
        raw = bytes(envelope.content)
        message = message_from_bytes(raw, policy=default)
        self.sink.taken.append(Taken(envelope.mail_from, list(envelope.rcpt_tos), message, raw))
        if self.sink.hangs_up_at == "taken":
            server.transport.abort()
        return "250 OK"


class _Controller(Controller):
    def __init__(self, sink: Sink, tls: SSLContext | None) -> None:
        self.sink, self.starttls = sink, tls if sink.scheme == "smtp" else None
        whole = tls if sink.scheme == "smtps" else None
        super().__init__(_Handler(sink), hostname="127.0.0.1", port=0, ssl_context=whole)

    def factory(self) -> SMTP:
        talk = type("Talk", (_Talk,), {"sink": self.sink})
        return talk(self.handler, enable_SMTPUTF8=True, tls_context=self.starttls)  # type: ignore[no-any-return]

    def _trigger_server(self) -> None:
        """The port is known only now; the first connection is the controller's own, and nobody's mail."""
        assert self.server is not None
        self.port = self.sink.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running(scheme: str = "smtp+plain", tls: SSLContext | None = None) -> Iterator[Sink]:
    """A sink that listens on this machine while the block runs; `smtp` offers STARTTLS, `smtps` is TLS at once."""
    sink = Sink(scheme=scheme)
    controller = _Controller(sink, tls)
    controller.start()
    sink.connections = 0
    try:
        yield sink
    finally:
        controller.stop()
