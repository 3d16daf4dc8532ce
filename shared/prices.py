"""What each unit that a run can use costs: the one table. A unit that is not in it has no known price.

Public list prices in US dollars as known in November 2026 (decision 0020 says from where): for a region of the first
price tier, such as `europe-west1` or `us-central1`, and prompts of up to 200,000 tokens; without free allowances,
discounts and taxes.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from shared.enums import Port
from shared.media.voices import google_voice
from shared.settings import Settings
from shared.usage import Measure, unit

LOCAL: Final = "local"
CLOUD_RUN: Final = "cloud_run"

# How long an artefact is taken to lie in its bucket: all of it is charged to the run that stores it.
MONTHS_STORED: Final = 12
# Memory that a function is taken to have for each of its processors.
GIBIBYTES_PER_VCPU: Final = 2

_MILLION: Final = 1_000_000
_GIBIBYTE: Final = 2**30

_TABLE: Final[Mapping[tuple[str, Measure], float]] = {
    # https://cloud.google.com/vertex-ai/generative-ai/pricing; what a model thinks is output.
    ("gemini-2.5-pro", Measure.INPUT_TOKENS): 1.25 / _MILLION,
    ("gemini-2.5-pro", Measure.OUTPUT_TOKENS): 10.00 / _MILLION,
    ("gemini-2.5-flash", Measure.INPUT_TOKENS): 0.30 / _MILLION,
    ("gemini-2.5-flash", Measure.OUTPUT_TOKENS): 2.50 / _MILLION,
    ("gemini-2.5-flash-lite", Measure.INPUT_TOKENS): 0.10 / _MILLION,
    ("gemini-2.5-flash-lite", Measure.OUTPUT_TOKENS): 0.40 / _MILLION,
    ("gemini-2.5-flash-image", Measure.INPUT_TOKENS): 0.30 / _MILLION,
    ("gemini-2.5-flash-image", Measure.OUTPUT_TOKENS): 2.50 / _MILLION,  # text beside the picture
    ("gemini-2.5-flash-image", Measure.IMAGES): 0.039,  # 1,290 tokens of 30 dollars a million
    ("gemini-embedding-001", Measure.INPUT_TOKENS): 0.15 / _MILLION,
    ("text-embedding-005", Measure.CHARACTERS): 0.025 / _MILLION,
    # https://cloud.google.com/text-to-speech/pricing
    ("texttospeech-standard", Measure.CHARACTERS): 4.00 / _MILLION,
    ("texttospeech-wavenet", Measure.CHARACTERS): 4.00 / _MILLION,
    ("texttospeech-neural2", Measure.CHARACTERS): 16.00 / _MILLION,
    # https://cloud.google.com/run/pricing, billed by request: an instance is paid for while it has one to serve, at
    # work or waiting for somebody else's answer. What it computes meanwhile is part of that.
    (CLOUD_RUN, Measure.VCPU_SECONDS): 0.000024 + GIBIBYTES_PER_VCPU * 0.0000025,
    (CLOUD_RUN, Measure.CPU_SECONDS): 0.0,
    # https://cloud.google.com/storage/pricing: Standard storage, by the month.
    ("gcs", Measure.BYTES_STORED): MONTHS_STORED * 0.020 / _GIBIBYTE,
    # The embedded parts run on the machine at hand, which sends no bill.
    ("piper", Measure.CHARACTERS): 0.0,
    (LOCAL, Measure.VCPU_SECONDS): 0.0,
    (LOCAL, Measure.CPU_SECONDS): 0.0,
}

PRICES: Final[Mapping[str, float]] = MappingProxyType(
    {unit(what, measure): dollars for (what, measure), dollars in _TABLE.items()}
)


def machine(settings: Settings) -> str:
    """Under what name this process counts the time of the machine that it runs on."""
    return LOCAL if settings.environment == "local" else CLOUD_RUN


def unpriced(settings: Settings, uses: Iterable[Port]) -> list[str]:
    """The settings that name a model or a voice of which no price is known, of those that fill these ports."""
    voice = google_voice(settings.speech_voice)
    named = {
        (Port.WRITER, "gemini"): ("WRITER_MODEL", settings.writer_model),
        (Port.ILLUSTRATOR, "gemini"): ("ILLUSTRATION_MODEL", settings.illustration_model),
        (Port.EMBEDDINGS, "vertex"): ("EMBEDDING_MODEL", settings.embedding_model),
        (Port.SPEECH, "google"): ("SPEECH_VOICE", f"texttospeech-{voice.family}" if voice else ""),
    }
    chosen = [named[port, settings.part(port)] for port in uses if (port, settings.part(port)) in named]
    priced = {what for what, _ in _TABLE}
    return sorted(name for name, what in chosen if what not in priced)
