"""How each part of a port is built. Adapters are imported where they are built, so that light functions stay light."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from shared.enums import Port
from shared.settings import Settings


def _engine(settings: Settings) -> Any:
    from shared.db.engine import engine

    return engine(settings)


def _schema(settings: Settings) -> Any:
    from shared.db.engine import engine_for

    return engine_for(settings.database_owner_url, pool_size=1)


def _local_bus(settings: Settings) -> Any:
    raise RuntimeError("MESSAGE_BUS=local lives in one process only: start the functions through ./run.sh")


def _folder(settings: Settings) -> Any:
    from shared.adapters.folder_objects import FolderObjects

    folder = Path(settings.state_folder) / "objects"
    return FolderObjects(folder, public_url=settings.public_url, secret_key=settings.secret_key)


def _extractive(settings: Settings) -> Any:
    from shared.adapters.extractive import ExtractiveWriter

    return ExtractiveWriter()


def _piper(settings: Settings) -> Any:
    from shared.adapters.piper import PiperSpeech

    return PiperSpeech()


def _minilm(settings: Settings) -> Any:
    from shared.adapters.minilm import MiniLmEmbeddings

    return MiniLmEmbeddings()


def _no_illustrator(settings: Settings) -> Any:
    from shared.adapters.no_illustrator import NoIllustrator

    return NoIllustrator()


def _no_mirror(settings: Settings) -> Any:
    from shared.adapters.no_mirror import NoMirror

    return NoMirror()


def _outbox_mailer(settings: Settings) -> Any:
    from shared.adapters.outbox import OutboxMailer

    return OutboxMailer(Path(settings.state_folder) / "outbox")


def _outbox_webhook(settings: Settings) -> Any:
    from shared.adapters.outbox import OutboxWebhook

    return OutboxWebhook(Path(settings.state_folder) / "outbox", secret=settings.webhook_secret)


def _pubsub(settings: Settings) -> Any:
    from shared.adapters.pubsub import PubSubBus

    return PubSubBus(settings.project_id, prefix=settings.resource_prefix)


def _media_bucket(settings: Settings) -> Any:
    from shared.adapters.gcs import CloudStorageObjects

    return CloudStorageObjects(settings.media_bucket)


def _sources_bucket(settings: Settings) -> Any:
    from shared.adapters.gcs import CloudStorageObjects

    return CloudStorageObjects(settings.sources_bucket)


def _gemini(settings: Settings) -> Any:
    from shared.adapters.gemini import GeminiWriter

    return GeminiWriter(settings.writer_model, project_id=settings.project_id, location=settings.vertex_location)


def _google_speech(settings: Settings) -> Any:
    from shared.adapters.texttospeech import GoogleSpeech

    return GoogleSpeech(settings.speech_voice)


def _vertex_embeddings(settings: Settings) -> Any:
    from shared.adapters.vertex_embeddings import VertexEmbeddings

    return VertexEmbeddings(settings.embedding_model, project_id=settings.project_id, location=settings.vertex_location)


def _gemini_illustrator(settings: Settings) -> Any:
    from shared.adapters.gemini_illustrator import GeminiIllustrator

    return GeminiIllustrator(
        settings.illustration_model, project_id=settings.project_id, location=settings.vertex_location
    )


def _firestore(settings: Settings) -> Any:
    from shared.adapters.firestore import FirestoreMirror

    return FirestoreMirror(settings.project_id, database=settings.firestore_database)


def _smtp(settings: Settings) -> Any:
    from shared.adapters.smtp import SmtpMailer

    return SmtpMailer(settings.smtp_url, sender=settings.mail_sender)


def _http_webhook(settings: Settings) -> Any:
    from shared.adapters.http_webhook import HttpWebhook

    # Only on one's own machine may the receiver be on a private address.
    own_machine = settings.environment == "local"
    return HttpWebhook(settings.webhook_url, secret=settings.webhook_secret, private_addresses=own_machine)


BUILDERS: Final[Mapping[tuple[Port, str], Callable[[Settings], Any]]] = MappingProxyType(
    {
        (Port.RECORD, "postgresql"): _engine,
        (Port.RECORD, "cloudsql"): _engine,
        (Port.SCHEMA, "owner"): _schema,
        (Port.BUS, "local"): _local_bus,
        (Port.BUS, "pubsub"): _pubsub,
        (Port.OBJECTS, "folder"): _folder,
        (Port.OBJECTS, "gcs"): _media_bucket,
        (Port.SOURCES, "folder"): _folder,
        (Port.SOURCES, "gcs"): _sources_bucket,
        (Port.WRITER, "extractive"): _extractive,
        (Port.WRITER, "gemini"): _gemini,
        (Port.SPEECH, "piper"): _piper,
        (Port.SPEECH, "google"): _google_speech,
        (Port.EMBEDDINGS, "minilm"): _minilm,
        (Port.EMBEDDINGS, "vertex"): _vertex_embeddings,
        (Port.ILLUSTRATOR, "none"): _no_illustrator,
        (Port.ILLUSTRATOR, "gemini"): _gemini_illustrator,
        (Port.MIRROR, "none"): _no_mirror,
        (Port.MIRROR, "firestore"): _firestore,
        (Port.MAILER, "outbox"): _outbox_mailer,
        (Port.MAILER, "smtp"): _smtp,
        (Port.WEBHOOK, "outbox"): _outbox_webhook,
        (Port.WEBHOOK, "http"): _http_webhook,
    }
)
