"""Limits that the pages quote are those of the code."""

from pathlib import Path

import pytest

from functions.api import reading, throttle, waiting
from shared import pipeline, pushes, webhook_secret
from shared.security import links, tokens

ROOT = Path(__file__).resolve().parents[2]

LINK_MINUTES = links.LONGEST_SECONDS // 60
FAILURES = f"{throttle.FAILURES_PER_ACCOUNT} failures an account and {throttle.FAILURES_PER_ADDRESS} an address"
TRIES_MINUTES = throttle.WINDOW_SECONDS // 60
BODY_KIB = reading.BODY_BYTES // 1024
LEASE, HEARTBEAT = pipeline.LEASE_SECONDS, pipeline.HEARTBEAT_SECONDS
BACK_OFF = f"{pipeline.RETRY_MINIMUM_SECONDS} to {pipeline.RETRY_MAXIMUM_SECONDS} s"

QUOTED = [
    ("README.md", f"lease runs out after {LEASE} seconds"),
    ("README.md", f"signs webhook bodies; at least {webhook_secret.SHORTEST} characters"),
    ("docs/api.md", f"byte for byte, for {pipeline.IDEMPOTENCY_DAYS} days"),
    ("docs/api.md", f"`ASSET_LINK_MINUTES` ({LINK_MINUTES} at most)"),
    ("docs/api.md", f"limited to {FAILURES} within {TRIES_MINUTES} minutes"),
    ("docs/api.md", f"with {tokens.LEEWAY_SECONDS} s of leeway"),
    ("docs/api.md", f"at most {BODY_KIB} KiB, of which no more is ever taken in"),
    ("docs/api.md", f"have {reading.BODY_SECONDS:g} seconds to come"),
    ("docs/privacy.md", f"| {pipeline.CLARIFICATION_DAYS} days, then the request is cancelled"),
    ("docs/privacy.md", f"| pieces of scenes | {pipeline.SCENE_DAYS} days |"),
    ("docs/privacy.md", f"at most {pipeline.SCENE_DAYS} days: spoken and drawn sentences"),
    ("docs/privacy.md", f"and {pipeline.LESSON_QUIET_SECONDS // 60} minutes more"),
    ("docs/privacy.md", f"| an Idempotency-Key | {pipeline.IDEMPOTENCY_DAYS} days |"),
    ("docs/privacy.md", f"| counts of failed sign-ins | {TRIES_MINUTES} minutes |"),
    ("docs/privacy.md", f"a link's signature, which is good for {LINK_MINUTES} minutes"),
    ("docs/reliability.md", f"leases ({LEASE} s), heartbeats ({HEARTBEAT} s), the bus's back-off ({BACK_OFF})"),
    ("docs/reliability.md", f"of the {pipeline.MAX_DELIVERY_ATTEMPTS} that are allowed"),
    ("docs/reliability.md", f"**Why the back-off ends at {pipeline.RETRY_MAXIMUM_SECONDS} s.**"),
    ("docs/runbook.md", f"delivered {pipeline.MAX_DELIVERY_ATTEMPTS} times and never acknowledged"),
    ("docs/runbook.md", f"published a request {pipeline.SWEEP_LIMIT} times and failed it"),
    ("docs/runbook.md", f"longer than {pushes.LONGEST // 1_000_000} MB"),
    ("docs/runbook.md", f"long polls wait up to {waiting.LONGEST_SECONDS} s"),
    ("docs/threat-model.md", f"{tokens.LEEWAY_SECONDS} s of leeway"),
    ("docs/threat-model.md", f"{FAILURES} (of IPv6, a network) in {TRIES_MINUTES} minutes"),
    ("docs/threat-model.md", f"none lasts beyond {LINK_MINUTES} minutes"),
    ("docs/threat-model.md", f"| {BODY_KIB} KiB, of which no more is taken in"),
    ("docs/threat-model.md", f"| {reading.BODY_SECONDS:g} s for a body as a whole"),
    ("docs/threat-model.md", f"| {waiting.LONGEST_SECONDS} s, {waiting.AT_ONCE} at once in a process"),
]


@pytest.mark.parametrize(("page", "quote"), QUOTED, ids=[f"{page}: {quote}" for page, quote in QUOTED])
def test_a_quoted_limit_is_the_one_that_holds(page: str, quote: str) -> None:
    assert quote in (ROOT / page).read_text(encoding="utf-8")
