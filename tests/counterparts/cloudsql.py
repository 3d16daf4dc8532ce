"""A Cloud SQL instance without Google: the two calls of the Admin API that the connector makes, and the TLS in front.

The answers follow https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/connect. Certificates are issued
by an authority that lives as long as the instance; a certificate carries the token that it was asked for with.
"""

import datetime
import os
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import google.auth.credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.counterparts.cloudsql_proxy import PORT, Proxy
from tests.counterparts.http_fake import Answer, Asked, HttpFake

PROJECT, REGION, NAME = "some-project", "europe-west1", "main"
INSTANCE: Final = f"{PROJECT}:{REGION}:{NAME}"
ADMIN_SCOPE: Final = "https://www.googleapis.com/auth/sqlservice.admin"
LOGIN_SCOPE: Final = "https://www.googleapis.com/auth/sqlservice.login"
HOUR: Final = 3600


class Credentials(google.auth.credentials.Credentials, google.auth.credentials.Scoped):
    """A service account: a token of its own for each scope."""

    def __init__(self, login_token: str, scopes: Sequence[str] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.login_token = login_token
        self._asked = tuple(scopes)

    @property
    def requires_scopes(self) -> bool:
        """As a service account does."""
        return not self._asked

    def with_scopes(self, scopes: Sequence[str], default_scopes: object = None) -> Self:
        """The same account for other scopes, with no token yet."""
        return type(self)(self.login_token, scopes)

    def refresh(self, request: object) -> None:
        """Get a token, good for an hour."""
        self.token = self.login_token if self._asked == (LOGIN_SCOPE,) else token_of_admin(self._asked)
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)  # the library's expiries have no zone
        self.expiry = now + datetime.timedelta(seconds=HOUR)


def token_of_admin(scopes: Sequence[str]) -> str:
    """The token that opens the Admin API, if it was asked for the right scope."""
    return "admin-token" if tuple(scopes) == (ADMIN_SCOPE,) else "token-of-another-scope"


class CloudSqlInstance:
    """The instance; what it answers next can be told to `admin.script`."""

    def __init__(self) -> None:
        self.admin = HttpFake(self._answer)
        self.certificate_seconds = HOUR
        self.region = REGION
        self.address_types: tuple[str, ...] = ("PRIMARY", "PRIVATE", "PSC")
        self.address = ""  # where it says that it is; its proxy's own
        self.proxy: Proxy
        self._authority = _Authority()
        self._tokens: dict[int, str] = {}

    @contextmanager
    def serving(self, upstream: int) -> Iterator["CloudSqlInstance"]:
        """Run in front of the PostgreSQL on 127.0.0.1:`upstream`; OSError where no address has the port free."""
        with ExitStack() as stack:
            self.proxy = self._in_front_of(upstream, stack)
            self.address = self.proxy.address
            stack.enter_context(self.admin.serving())
            yield self

    def _in_front_of(self, upstream: int, stack: ExitStack) -> Proxy:
        for address in loopback_addresses():
            with suppress(OSError):
                proxy = Proxy(address, upstream, self._authority.server_context(address), self._tokens.get)
                return stack.enter_context(proxy.serving())
        raise OSError(f"no loopback address has port {PORT} free")

    @property
    def asked(self) -> list[str]:
        """The calls to the Admin API, by their last word, sorted: two are made at once."""
        return sorted(asked.path.rpartition("/")[2].rpartition(":")[2] for asked in self.admin.asked)

    def _answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {token_of_admin([ADMIN_SCOPE])}":
            return problem(401, "Request had invalid authentication credentials.")
        match asked.method, asked.path:
            case "GET", path if path == f"/sql/v1beta4/projects/{PROJECT}/instances/{NAME}/connectSettings":
                return Answer.of(self._settings())
            case "POST", path if path == f"/sql/v1beta4/projects/{PROJECT}/instances/{NAME}:generateEphemeralCert":
                return Answer.of({"ephemeralCert": {"cert": self._issue(asked)}})
        return problem(404, "The Cloud SQL instance does not exist.")

    def _settings(self) -> dict[str, object]:
        addresses = [kind for kind in self.address_types if kind != "PSC"]
        psc = "PSC" in self.address_types
        return {
            "kind": "sql#connectSettings",
            "backendType": "SECOND_GEN",
            "databaseVersion": "POSTGRES_17",
            "region": self.region,
            "serverCaCert": {"cert": self._authority.pem},
            "ipAddresses": [{"type": kind, "ipAddress": self.address} for kind in addresses],
            **({"pscEnabled": True, "dnsName": self.address} if psc else {}),
        }

    def _issue(self, asked: Asked) -> str:
        key = serialization.load_pem_public_key(asked.json["public_key"].encode())
        certificate = self._authority.issue(key, "Google Cloud SQL Client", seconds=self.certificate_seconds)
        if token := asked.json.get("access_token"):
            self._tokens[certificate.serial_number] = token
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


def problem(status: int, message: str) -> Answer:
    """An error as Google's APIs word it."""
    return Answer.of({"error": {"code": status, "message": message}}, status=status)


def loopback_addresses() -> Iterator[str]:
    """Loopback addresses, another one first for each process; a Mac has but the last."""
    for step in range(200):
        yield f"127.0.0.{2 + (os.getpid() + step) % 250}"
    yield "127.0.0.1"


class _Authority:
    """Issues the certificates of both sides."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Google Cloud SQL Server CA")])
        self._certificate = self._sign(self._key.public_key(), self._name, seconds=HOUR, authority=True)
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, key: object, name: str, *, seconds: int) -> x509.Certificate:
        """A certificate that expires in so many seconds."""
        return self._sign(key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), seconds=seconds)

    def server_context(self, address: str) -> ssl.SSLContext:
        """TLS as the instance speaks it: 1.3, and only with whom shows a certificate of this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.issue(key.public_key(), address, seconds=HOUR)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.pem)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "server.pem"
            path.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + certificate.public_bytes(serialization.Encoding.PEM)
            )
            context.load_cert_chain(path)
        return context

    def _sign(self, key: object, name: x509.Name, *, seconds: int, authority: bool = False) -> x509.Certificate:
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(ends - datetime.timedelta(seconds=2 * HOUR))
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
