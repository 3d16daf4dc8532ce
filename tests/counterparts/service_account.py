"""A service account with a throwaway key, and the checks that Cloud Storage makes of a link signed with it.

V4 signatures: https://cloud.google.com/storage/docs/authentication/signatures
"""

import functools
import hashlib
import json
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "lessons@testing.iam.gserviceaccount.com"


class ServiceAccount:
    """Signs, writes its key file, and tells whether a link is good."""

    def __init__(self, email: str = EMAIL) -> None:
        self.email = email
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, message: bytes) -> bytes:
        """RSA over SHA-256, as IAM signs."""
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def write_key(self, path: Path) -> Path:
        """Write what GOOGLE_APPLICATION_CREDENTIALS can name."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key = {
            "type": "service_account",
            "project_id": "testing",
            "private_key_id": "throwaway",
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "1",
            "token_uri": "http://127.0.0.1:1/token",  # nobody answers there: a key signs without asking
        }
        path.write_text(json.dumps(key))
        path.chmod(0o600)
        return path

    def accepts(self, url: str, *, method: str = "GET", at: datetime | None = None) -> bool:
        """Whether Cloud Storage would let this link through at that moment."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        signature = query.pop("X-Goog-Signature", "")
        date = query.get("X-Goog-Date", "")
        scope = f"{date[:8]}/auto/storage/goog4_request"
        if query.get("X-Goog-Credential") != f"{self.email}/{scope}":
            return False
        signed = query["X-Goog-SignedHeaders"]
        canonical_query = "&".join(sorted(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in query.items()))
        request = "\n".join([method, parts.path, canonical_query, f"host:{parts.netloc}\n", signed, "UNSIGNED-PAYLOAD"])
        text = "\n".join([query["X-Goog-Algorithm"], date, scope, hashlib.sha256(request.encode()).hexdigest()])
        try:
            public = self._key.public_key()
            public.verify(bytes.fromhex(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        begins = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return (at or datetime.now(UTC)) < begins + timedelta(seconds=int(query["X-Goog-Expires"]))


def new_bucket(host: str) -> str:
    """Make a bucket in the emulator at this URL, and return its name."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    call = urllib.request.Request(f"{host}/storage/v1/b", data=json.dumps({"name": name}).encode(), method="POST")
    urllib.request.urlopen(call, timeout=10).close()
    return name


@functools.cache
def account() -> ServiceAccount:
    """The one of this test run: making a key takes a while."""
    return ServiceAccount()
