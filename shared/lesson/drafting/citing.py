"""Which passages a scene rests on: those that the model named, and where these do not say it, those that do."""

from collections.abc import Iterable, Sequence
from typing import Final

from shared.enums import SceneKind
from shared.lesson import grounding
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.prose import narrated
from shared.lesson.storyboard import BulletsVisual, Cued, Scene, Storyboard
from shared.lesson.words import content

_FOUND_MOST: Final = 2  # passages that code adds to a scene
_TRIED: Final = 3  # passages that are looked at for a sentence
_NOTHING_SHOWN: Final = BulletsVisual(heading="", items=[Cued(text="")])


class Backing:
    """Looks up what passages say."""

    def __init__(self, excerpts: Excerpts) -> None:
        self._excerpts = excerpts
        self._passages = {passage.passage_id: passage for passage in excerpts.passages}
        self._words = {
            passage.passage_id: content(f"{passage.text} {narrated(passage.text)}") for passage in excerpts.passages
        }

    def cited(self, handles: Iterable[str]) -> list[str]:
        """Ids of the passages of the handles, each once; handles of none are dropped."""
        found = (self._excerpts.passage(handle) for handle in handles)
        return list(dict.fromkeys(passage.passage_id for passage in found if passage))

    def completed(self, narration: str, cited: Sequence[str]) -> list[str]:
        """The cited passages, with others that state sentences which these do not; never empty.

        A wrong handle is a slip that code can mend: whether a passage states a sentence is measured, not believed.
        """
        found = list(cited) or self.nearest(narration, 1)
        for sentence in self._unstated(narration, found):
            for passage_id in self.nearest(sentence, _TRIED):
                if passage_id not in found and not self._unstated(sentence, [passage_id]):
                    found.append(passage_id)
                    break
            if len(found) >= len(cited) + _FOUND_MOST:
                break
        return found

    def nearest(self, text: str, number: int) -> list[str]:
        """Ids of the passages that share most words with a text."""
        wanted = content(text)
        return sorted(self._words, key=lambda one: -len(wanted & self._words[one]))[:number]

    def says(self, passage_id: str, term: str, meaning: str) -> bool:
        """Whether a passage has a term, and states what it is said to mean."""
        return content(term) <= self._words[passage_id] and not self._unstated(meaning, [passage_id])

    def _unstated(self, narration: str, cited: Sequence[str]) -> list[str]:
        """The sentences that the passages do not state, by the measure that the rules of a lesson apply."""
        scene = Scene(
            id="scene-01",
            kind=SceneKind.KEY_POINTS,
            narration=narration,
            visual=_NOTHING_SHOWN,
            citations=list(cited),
        )
        alone = Storyboard.model_construct(scenes=[scene], key_terms=[], quiz=[], interest="")
        return [sentence for _, sentence in grounding.unsupported(alone, self._passages)]
