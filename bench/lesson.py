"""A 90 s lesson from the question to the last status, on the whole system; the peer is the lesson's own length.

A ratio of 0.5 means: made in half the time that it takes to watch. The greatest memory is the whole process's.
"""

import random
import resource
import sys
from itertools import product

from local import lesson
from local.benchmark import Comparison
from local.client import Client
from local.console import Console
from local.display import LessonDisplay
from local.state import State
from local.system import LocalSystem
from shared import objects
from shared.enums import ContentRequestStatus as Status

RUNS = 5
SCENES = objects.scene("", "", "").partition("/")[0] + "/"
QUESTION = "Explain Newton's third law of motion"
INTERESTS = ("basketball", "cooking", "music", "soccer", "space", "gaming", "swimming", "art")


def measure(state: State, console: Console) -> Comparison:
    """Make one lesson to warm up, then five others; none comes from the cache, nor uses a scene of another."""
    ours: list[float] = []
    lengths: list[float] = []
    degraded = 0
    variants = list(product(INTERESTS, range(88, 93), range(9, 13)))
    random.SystemRandom().shuffle(variants)
    with LocalSystem(state, console) as system:
        client = Client(system.url)
        client.login(system.student.email, system.student.password)
        while len(ours) <= RUNS:
            interest, duration, grade = variants.pop()
            fields = {"query": QUESTION, "grade_level": grade, "interest": interest, "duration_seconds": duration}
            system.services.objects.delete_prefix(SCENES)  # what another lesson left would be used again
            with LessonDisplay(console) as display:
                made = lesson.make(client, fields, display, lambda clarification: None)
            assert made.status is Status.COMPLETED, made.state.get("error")
            if len(made.history) <= 3:  # from the cache
                continue
            degraded += bool(made.state["degraded"])
            ours.append(made.seconds)
            lengths.append(_length(client, made))
    return Comparison(
        what="a lesson of 90 s, from question to completed",
        peer="its own length",
        ours=tuple(ours[1:]),
        peers=tuple(lengths[1:]),
        details={"greatest_memory_mb": _greatest_memory(), "degraded_lessons": degraded},
    )


def _length(client: Client, made: lesson.Lesson) -> float:
    """The last caption's end: captions end with the narration."""
    from local.acceptance.artefacts import captions
    from local.client import fetch

    return max(cue.end for cue in captions(fetch(made.state["assets"]["captions"]).data))


def _greatest_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20
