"""Reading V4 signed links as Cloud Storage does: https://cloud.google.com/storage/docs/access-control/signed-urls."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from local.emulated.identity import Identity

ALGORITHM: Final = "GOOG4-RSA-SHA256"
SIGNATURE: Final = "X-Goog-Signature"
TIME: Final = "%Y%m%dT%H%M%SZ"
LONGEST: Final = timedelta(days=7)
EARLY: Final = timedelta(minutes=15)  # a signer's clock may be ahead by so much


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What Cloud Storage answers to a link that it does not accept."""

    status: int
    code: str


UNSIGNED: Final = Refusal(status=403, code="AccessDenied")
FORGED: Final = Refusal(status=403, code="SignatureDoesNotMatch")
EXPIRED: Final = Refusal(status=400, code="ExpiredToken")


def refusal(
    method: str, target: str, headers: Mapping[str, str], identity: Identity, now: datetime | None = None
) -> Refusal | None:
    """Say why this request may not have the object, or None where its link is good.

    `target` is path and query as they were sent; `headers` have names in lower case.
    """
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    signature = query.pop(SIGNATURE, None)
    if signature is None:
        return UNSIGNED
    try:
        signed_at = datetime.strptime(query["X-Goog-Date"], TIME).replace(tzinfo=UTC)
        lasts = timedelta(seconds=int(query["X-Goog-Expires"]))
        account, _, scope = query["X-Goog-Credential"].partition("/")
        names = query["X-Goog-SignedHeaders"].split(";")
        given = bytes.fromhex(signature)
    except (KeyError, ValueError, OverflowError):
        return FORGED
    if account != identity.email or query.get("X-Goog-Algorithm") != ALGORITHM or "host" not in names:
        return FORGED
    canonical_query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items())
    )
    canonical_headers = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names)
    request = [method, parts.path, canonical_query, canonical_headers, ";".join(names), "UNSIGNED-PAYLOAD"]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join([ALGORITHM, query["X-Goog-Date"], scope, digest])
    try:
        identity.public_key.verify(given, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return FORGED
    now = now or datetime.now(UTC)
    if lasts > LONGEST or signed_at > now + EARLY:
        return FORGED
    return EXPIRED if now > signed_at + lasts else None
