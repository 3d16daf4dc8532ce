"""When each scene of a lesson begins and ends: what lies beside its sound, and is read by who checks or plays it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpan:
    """One scene's place in the lesson, in seconds."""

    id: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """The scenes in order, without gaps."""

    scenes: tuple[SceneSpan, ...]

    @classmethod
    def of(cls, ids: Sequence[str], seconds: Sequence[float]) -> Self:
        """The timeline of scenes of these lengths."""
        # Rounded, as sums of lengths in tenths of a second would otherwise read 12.299999999999999.
        edges = [round(edge, 6) for edge in accumulate(seconds, initial=0.0)]
        return cls(
            tuple(
                SceneSpan(id=name, start=start, end=end)
                for name, (start, end) in zip(ids, pairwise(edges), strict=True)
            )
        )

    @property
    def seconds(self) -> float:
        """Length of the lesson."""
        return self.scenes[-1].end if self.scenes else 0.0

    def encode(self) -> bytes:
        """As JSON: {"seconds", "scenes": [{"id", "start", "end"}]}."""
        scenes = [{"id": scene.id, "start": scene.start, "end": scene.end} for scene in self.scenes]
        return json.dumps({"seconds": self.seconds, "scenes": scenes}).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The timeline that `encode` wrote."""
        return cls(tuple(SceneSpan(**scene) for scene in json.loads(data)["scenes"]))
