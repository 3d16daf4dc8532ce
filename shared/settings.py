"""Everything the environment decides, read once. Nothing else reads `os.environ`.

A field is the variable of the same name in capitals; the docs' table and Terraform are tested against these fields.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self


class SettingsError(RuntimeError):
    """The environment cannot be used as it is; the text names every variable at fault, never a value."""


def _setting(meaning: str, *, default: Any = MISSING, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "secret": secret}
    if default is MISSING:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Fields without a default must be set."""

    database_url: str = _setting("URL of the record, `postgresql://user:password@host:port/name`", secret=True)
    secret_key: str = _setting("signs access tokens and local asset links; at least 32 characters", secret=True)
    webhook_secret: str = _setting("signs webhook bodies; at least 16 characters", secret=True)
    state_folder: str = _setting("where the embedded objects and outbox lie", default=".local")
    public_url: str = _setting("where clients reach the api; part of asset links", default="http://127.0.0.1:8080")
    environment: str = _setting("`local`, `dev`, `staging` or `prod`", default="local")
    commit: str = _setting("the commit that is deployed, shown in /healthz", default="unknown")
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR", default="INFO")
    database_pool_size: int = _setting("connections each process keeps at most", default=2)
    access_token_minutes: int = _setting("how long a sign-in lasts", default=60)
    asset_link_minutes: int = _setting("how long a signed asset link lasts, at most 15", default=15)
    daily_request_quota: int = _setting("lessons a student may ask for in a day", default=50)
    retention_days: int = _setting("days after which a finished request's row and history are removed", default=365)

    def __post_init__(self) -> None:
        wrong = [
            name
            for name, good in {
                "DATABASE_URL": self.database_url.startswith(("postgresql://", "postgresql+pg8000://")),
                "SECRET_KEY": len(self.secret_key) >= 32,
                "WEBHOOK_SECRET": len(self.webhook_secret) >= 16,
                "ASSET_LINK_MINUTES": 1 <= self.asset_link_minutes <= 15,
                "DATABASE_POOL_SIZE": self.database_pool_size >= 1,
            }.items()
            if not good
        ]
        if wrong:
            raise SettingsError(f"environment variables with an unusable value: {', '.join(wrong)}")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the fields; SettingsError lists every missing or unusable variable at once."""
        values: dict[str, Any] = {}
        missing, unusable = [], []
        for item in fields(cls):
            text = environ.get(item.name.upper(), "").strip()
            if not text:
                if item.default is MISSING:
                    missing.append(item.name.upper())
                continue
            try:
                values[item.name] = int(text) if item.type in (int, "int") else text
            except ValueError:
                unusable.append(item.name.upper())
        if missing or unusable:
            parts = [f"environment variables not set: {', '.join(missing)}"] if missing else []
            parts += [f"not a whole number: {', '.join(unusable)}"] if unusable else []
            raise SettingsError("; ".join(parts))
        return cls(**values)
