"""A service account of this system alone: a key that is made anew at each start and means nothing anywhere else."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from local.state import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEY_BITS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose signatures count: `key_file` is what GOOGLE_APPLICATION_CREDENTIALS names."""

    email: str
    key_file: Path
    public_key: "RSAPublicKey"


def make(folder: Path, project_id: str) -> Identity:
    """Write a key file that only its owner may read."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    email = f"emulated@{project_id}.iam.gserviceaccount.com"
    path = folder / "service-account.json"
    account = {
        "type": "service_account",
        "project_id": project_id,
        "private_key_id": "emulated",
        "private_key": text,
        "client_email": email,
        "client_id": "0",
        # Nothing is to be had there: whoever wanted a token in exchange for this key would be told so at once.
        "token_uri": "http://127.0.0.1:9/token",
    }
    write_private(path, json.dumps(account, indent=2) + "\n")
    return Identity(email=email, key_file=path, public_key=key.public_key())
