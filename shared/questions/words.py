"""The words of a question: which name a topic, which only ask, and how they compare.

Sets of words are data. A word is left out of a set when the books need it: "mean", "work" and "test" are topics
unless their surroundings say otherwise.
"""

import re
import unicodedata
from typing import Final

WORD: Final = re.compile(r"[^\W_]+(?:[''’][^\W_]+)*")
DRAWN_OUT: Final = re.compile(r"([a-z])\1{2,}")  # "plsss"; no English word has a letter three times in a row
ORDINALS: Final = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth"}

# Words that carry grammar.
_FUNCTION_WORDS: Final = """
    a about after again all also although always am an and any are aren't as at be because been before being
    below between both but by can can't cannot cant could couldn't did didn't do does doesn't doesnt doing don't
    done dont down during each either else even ever every few for from had has have haven't having he her here
    hers him his how how's i i'd i'll i'm i've if im in into is isn't isnt it it's its itself ive just less let
    let's many may me might mine more most much must my myself neither never no nor not now of off often on once
    one only onto or other others our out over own per quite rather same shall she should since so some such
    than that that's thats the their them then there there's these they they're this those though through thus
    to together too u under until up upon ur us very was wasn't we we're well were weren't what what's whats
    when where where's which while who who's whom whose why will with within without won't would wouldn't yes
    yet you you're your yours
"""
FUNCTION_WORDS: Final = frozenset(_FUNCTION_WORDS.split())
# Words that ask, or speak of school and of the student, and name no topic.
_REQUEST_WORDS: Final = """
    actually answer answers anybody anyone anything asap ask asked asking assigned assignment assignments basic
    basically basics become becomes beginner bit book books boring bro call called chapter class classes clear
    clearly clue come comes completely concept concepts confused confuses confusing connect connected connection
    connections cover covered covering create day days deal definitely definition describe detail detailed
    details differ difference differences different differently difficult discuss due dumb easily easy everybody
    everything exam exams explain explained explaining explains explanation fail failed failing feel figure
    final finals find finish friday fully fun get gets getting give given gives go goes going gonna good got
    gotta grade great guess guy guys happen happened happening happens hard hate hello help helped helpful
    helping helps hey hi homework hope hours hw idea ideas idek idk illustrate important info information
    interested interesting intro introduce introduction kind kinda know known knows last later learn learned
    learning learnt lecture lesson lessons like likes lol look looking lost lot lots love made main make makes
    making matter maybe meaning mention midterm minute minutes module monday month need needed needs new next nice notes
    nothing occur occurring occurs ok okay outline overview page pages part parts period please pls plz point
    possible presentation probably project projects pupil question questions quick quickly quiz quizzes read
    reading ready really recap refresher relate related relates relation relationship relationships remember
    report request review revise revision said saturday saw say says school section see seems semester short
    show showed simple simply somebody somehow someone something sort specific start step story struggling stuck
    student students studied study studying stuff subject summarize summary sunday super sure take takes talk
    talked talking taught teach teacher teachers teaches tell terms textbook thank thanks thing things think
    thinking thursday today tomorrow tonight topic topics totally trouble try trying tuesday tutor tutorial
    understand understanding understands understood unit units use used useful uses using versus video videos
    visual vs wanna want wanted wants watch wednesday week weekend weeks whatever whole word words worksheet
    worksheets worried write yeah year years yesterday yo
"""
REQUEST_WORDS: Final = frozenset(_REQUEST_WORDS.split())
# Words that name a form or an activity; alone they could belong to any section.
_FORM_WORDS: Final = """
    calculate calculated calculating calculation calculations chart charts compare compute diagram diagrams
    equation equations example examples exercise exercises formula formulae formulas graph graphing graphs law
    laws number numbers plot plots practice principle principles problem problems properties property rule rules
    solve solved solving table tables test tests theorem theories theory unit units
"""
FORM_WORDS: Final = frozenset(_FORM_WORDS.split())
HOW_IT_WORKS: Final = re.compile(r"\bhow\b.*\b(works?|working|happens?|occurs?)\b")
WHAT_IT_MEANS: Final = re.compile(
    r"\bwhat\b(.*)\b(means|stands)\b|\b(?:do|does|did)\b(.*)\b(?<!the )(?<!a )(mean|stand)\b"
)


def words(text: str) -> tuple[str, ...]:
    """Return the words in order, in lower case, with straight apostrophes; a number in a word stays."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("'s", "")
    plain = DRAWN_OUT.sub(r"\1", plain)
    return tuple(ORDINALS.get(word, word) for word in WORD.findall(plain))


def topic_words(text: str) -> tuple[str, ...]:
    """Return the words that can name a topic, in order, each once."""
    asking = FUNCTION_WORDS | REQUEST_WORDS | _asked_about(text)
    kept = (word for word in words(text) if word not in asking and not word.isdecimal())
    return tuple(dict.fromkeys(kept))


def searchable(text: str) -> str:
    """Return the question without the words that only ask; the whole text where nothing else is in it."""
    asking = (REQUEST_WORDS | _asked_about(text)) - {"use", "used", "uses", "using", "like", "lost", "point", "new"}
    pieces = [piece for piece in text.split() if not set(words(piece)) or not set(words(piece)) <= asking]
    return " ".join(pieces) if topic_words(text) else text


def _asked_about(text: str) -> frozenset[str]:
    """Words that ask in this text though they can be topics: "how does a lever work", "what does mean mean"."""
    plain = " ".join(words(text))
    asked = {match[1] for match in [HOW_IT_WORKS.search(plain)] if match}
    match = WHAT_IT_MEANS.search(plain)
    if match:
        before, verb = (match[1], match[2]) if match[2] else (match[3], match[4])
        if verb not in before.split():
            asked.add(verb)
    return frozenset(asked)
