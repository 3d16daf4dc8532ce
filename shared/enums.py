"""The closed sets of the system. Values are what the database, the messages and the API carry."""

from enum import StrEnum


class ContentRequestStatus(StrEnum):
    """Where a request stands. The same values, in this order, are the PostgreSQL type `content_request_status`."""

    PENDING = "pending"  # received, or waiting for the student's answer to a question
    VALIDATING = "validating"  # safety, privacy, topic, clarification, cache
    RETRIEVING = "retrieving"  # finding the passages of the books
    GENERATING_SCRIPT = "generating_script"  # writing the storyboard and checking its grounding
    GENERATING_VIDEO = "generating_video"  # speaking, drawing and encoding the scenes
    PROCESSING_VIDEO = "processing_video"  # renditions, poster, captions, checks
    NOTIFYING = "notifying"  # telling the student
    COMPLETED = "completed"  # the lesson can be watched
    FAILED = "failed"  # ended with an error; the student may retry
    CANCELLED = "cancelled"  # ended by the student, or by an unanswered question


class StageRunState(StrEnum):
    """How one run of a stage stands."""

    RUNNING = "running"  # at work, or abandoned without a word
    FINISHED = "finished"
    FAILED = "failed"


class Modality(StrEnum):
    """What the student asked for; each includes the ones below it."""

    VIDEO = "video"  # narrated video, audio, script
    AUDIO = "audio"  # narration and script
    TEXT = "text"  # script alone


class LessonStyle(StrEnum):
    """How a lesson is told."""

    BALANCED = "balanced"  # idea, equation, example, recap
    SIMPLE = "simple"  # fewer terms, shorter sentences, more everyday comparison
    PRACTICE = "practice"  # more worked examples


class Role(StrEnum):
    """What an account may do."""

    STUDENT = "student"  # own requests
    TEACHER = "teacher"  # own requests; ingests books
    ADMIN = "admin"  # operations, deletion of a student's data


class FeedbackKind(StrEnum):
    """What a student says of a lesson."""

    SIMPLER = "simpler"  # make it again in the simple style
    DIFFERENT_INTEREST = "different_interest"  # make it again in another interest
    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"


class NotificationChannel(StrEnum):
    """How a student hears that a lesson is done."""

    IN_APP = "in_app"
    EMAIL = "email"
    WEBHOOK = "webhook"


class PassageKind(StrEnum):
    """What a passage is in its book."""

    EXPLANATION = "explanation"  # running text of a section, about 200 words
    OBJECTIVE = "objective"  # what the reader will be able to do
    DEFINITION = "definition"  # one glossary term and its meaning
    EXAMPLE = "example"  # a problem worked in the text
    EXERCISE = "exercise"  # a question to the reader, with its solution where there is one
    SUMMARY = "summary"  # the section's own summary
    EQUATION = "equation"  # a displayed formula with its name or explanation
    STEPS = "steps"  # an enumerated process
    TABLE = "table"  # a comparison in rows and columns
    MISCONCEPTION = "misconception"  # a common error and its correction
    FIGURE = "figure"  # a picture's description and caption


class SceneKind(StrEnum):
    """What a scene does in a lesson."""

    HOOK = "hook"
    OBJECTIVES = "objectives"
    DEFINITION = "definition"
    KEY_POINTS = "key_points"
    PROCESS = "process"
    EQUATION = "equation"
    COMPARISON = "comparison"
    WORKED_EXAMPLE = "worked_example"
    CONNECTION = "connection"  # the idea in the student's interest
    MISCONCEPTION = "misconception"
    RECAP = "recap"
    QUIZ = "quiz"
    CREDITS = "credits"


class DegradedReason(StrEnum):
    """How a finished lesson is lesser than asked for. The student sees each."""

    GENERIC_INTEREST = "generic_interest"  # no analogies are known for the interest
    SHORTER = "shorter"  # the books hold too little for the length asked for
    NO_ILLUSTRATION = "no_illustration"  # a picture could not be made; a drawing stands in
    ESTIMATED_TIMINGS = "estimated_timings"  # the voice gave no word timings; they are spread evenly


class Port(StrEnum):
    """What a function may need from outside; `shared/parts.py` says how each can be filled."""

    RECORD = "record"  # PostgreSQL
    SCHEMA = "schema"  # PostgreSQL as the owner of its tables
    ACCOUNTS = "accounts"  # signing and reading access tokens
    BUS = "bus"  # publishing messages
    OBJECTS = "objects"  # a lesson's artefacts
    SOURCES = "sources"  # textbook archives that were uploaded
    WRITER = "writer"
    SPEECH = "speech"
    EMBEDDINGS = "embeddings"
    ILLUSTRATOR = "illustrator"
    MIRROR = "mirror"  # live status for clients
    MAILER = "mailer"
    WEBHOOK = "webhook"
