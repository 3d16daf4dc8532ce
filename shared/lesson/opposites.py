"""The words that turn a statement around, and the words that say the same: tables of everyday English.

A pole is a side of a dimension: "larger" and "smaller" are the two sides of one. What a subject calls its things is
left to its books.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from shared.lesson.words import word_set

Pole = tuple[str, int]  # a dimension and its side, 1 or -1

# A dimension a line; a word may stand in several.
_POLES: Final = """
amount: more most increase rise rose risen grow grew grown gain great large big huge enormous massive maximum
    many much majority growth plentiful high up | less least decrease fall fell fallen drop shrink shrank lose lost
    reduce few small little tiny minimum low decline diminish minority scarce down
speed: fast quick rapid swift accelerate | slow gradual
size: long tall lengthen | short shorten brief
width: thick wide broad | thin narrow
strength: strong powerful strengthen intense | weak gentle weaken faint
effort: hard difficult tough | easy simple effortless
heat: hot warm heat | cold cool chill
brightness: bright | dim dark
loudness: loud | quiet soft silent
weight: heavy | lightweight
distance: far distant farther further | near close nearby
price: expensive costly | cheap inexpensive
habit: common often usual frequent | rare seldom hardly unusual uncommon
sign: positive plus | negative minus
draw: attract pull | repel push
likeness: same identical equal alike constant unchanged | different opposite unequal differ unlike change vary
sequence: before earlier first begin began begun start previous initial | after later last end final finish
height: above up top upper upward raise lift climb crest peak high | below down bottom lower downward sink trough low
side: left leftward | right rightward
forth: forward ahead front | backward back behind
way: toward towards enter inward inside | away outward outside exit leave
intake: absorb capture | release emit reflect
making: create build combine join | destroy break split separate
agreement: agree fit match | disagree contradict
opening: open | closed close shut
directness: directly direct | inversely inverse
truth: true correct possible certain | false wrong incorrect impossible
use: good better best helpful useful | bad worse worst harmful useless
rank: dominant | recessive
dependence: dependent | independent
surface: smooth | rough
permission: allow let permit enable | prevent block forbid
help: support favor | oppose resist
life: live alive survive | die dead extinct
company: together | apart separately
interference: constructive | destructive
fullness: full | empty
wealth: rich fertile | poor barren
side of a border: internal inner interior | external outer exterior
knowledge: known familiar | unknown unfamiliar
angle: parallel | perpendicular
"""

# Words that are taken for one another, a group a line; the first is the group's name.
_SAME: Final = """
begin start commence
stop end cease finish halt
big large great huge enormous giant vast
small little tiny minute
fast quick rapid swift
hard difficult tough
easy simple
create form make produce generate build construct yield
destroy ruin
need require demand
allow let permit enable
reveal display demonstrate indicate
contain hold include carry
move travel pass
push shove
pull tug drag attract
hit strike collide crash bump collision impact
change alter transform convert vary turn
stay remain continue keep
same identical equal equally unchanged constant steady uniform conserve
opposite contrary reverse
cause lead result produce
discover find found
important key essential
part piece portion
type kind sort
way method manner
provide supply give deliver
receive get obtain gain acquire
release emit free
absorb take capture catch
store save hold keep
surround enclose
connect join link attach
split separate divide part break broken
combine merge mix join
see observe notice spot saw seen
watch look
appear seem look
call name term label known
offspring child children young descendant kid
people person human
rise increase grow grew grown rose risen
fall decrease drop shrink reduce decline fell fallen lower
above over
below under beneath
near close nearby
far distant
whole entire full complete total
about around roughly approximately nearly almost
often usually frequently generally commonly mostly
sometimes occasionally
rarely seldom hardly
answer solution reply
choose chose chosen elect select pick
error mistake fault flaw
correct fix repair mend
repeat redo
house building home
stiff rigid firm
trust believe accept
refuse reject decline
fight battle war
scatter spread disperse
shine glow
clear plain obvious
strange odd unusual
usual normal ordinary
rich wealthy
job task work duty
town city village
road street
ill sick
doctor physician
tool instrument device
picture image drawing
place location position spot
danger risk
safe secure
hide hidden conceal
protect guard shield
control rule govern manage
leader ruler
advise advice counsel
money coin
vanish disappear
spin rotate revolve
circle ring loop
copy duplicate
cover coat
gap hole
thanks because
mostly mainly
old ancient
new fresh
early soon
test check experiment
guess suppose
predict forecast prediction
outcome effect result
reason cause because
rate speed
tell inform inform
fuel food
help aid
touch contact
fit suit match
common widespread
quantity amount
combination mixture
space room
weigh weight heavy
law rule
group set
made consist compose
happen occur
""".strip()


def _forms(word: str) -> Iterator[str]:
    """The inflections that a word of this shape can have; some are no words, which does no harm."""
    yield word
    stem = word.removesuffix("e")
    if word.endswith("y") and word[-2] not in "aeiou":
        stem = word[:-1] + "i"
    yield from (word + "s", word + "es", word + "d", word + "ly")
    yield from (stem + ending for ending in ("es", "ed", "er", "est", "ly"))
    yield word.removesuffix("e") + "ing"
    if len(word) > 2 and word[-1] in "bdgklmnprt" and word[-2] in "aeiou" and word[-3] not in "aeiou":
        yield from (word + word[-1] + ending for ending in ("ed", "ing", "er", "est"))


def _poles() -> Mapping[str, tuple[Pole, ...]]:
    found: dict[str, dict[Pole, None]] = {}
    for line in _POLES.strip().replace("\n    ", " ").splitlines():
        dimension, sides = line.split(": ")
        for side, words in zip((1, -1), sides.split(" | "), strict=True):
            for word in words.split():
                for form in _forms(word):
                    found.setdefault(form, {})[dimension, side] = None
    return MappingProxyType({word: tuple(poles) for word, poles in found.items()})


def _same() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _SAME.splitlines():
        words = line.split()
        for word in words:
            for form in _forms(word):
                found.setdefault(form, set()).add(words[0])
    return MappingProxyType({word: frozenset(groups) for word, groups in found.items()})


POLES: Final = _poles()  # by word: the sides that it takes
SAME: Final = _same()  # by word: the groups that it belongs to

NEGATIONS: Final = word_set("""
    not no never none nothing nobody neither nor without cannot hardly barely scarcely lack lacks lacking fail fails
    unable unless prevent prevents prevented preventing avoid avoids
    isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't hasn't haven't
""")
EVERY: Final = word_set(
    "all every each always any both whenever wherever whole entire entirely completely fully exactly"
)
SOME: Final = word_set("""
    some sometimes most mostly many usually often may might partly few rarely seldom several nearly almost hardly
    occasionally frequently generally mainly part parts only
""")
ONLY: Final = word_set("only just alone solely unless except merely exclusively")
# Words that say little: where the evidence has them not, that counts little against a sentence.
VAGUE: Final = word_set("""
    able act actually back bit bring brings case come comes enough especially everyday everything fact far gets getting
    goes going got help helps kind know known let lets long look lot lots main matter move much new nobody old order
    part people person piece place put puts quite really reason result set sort someone something tell tells thing
    things time times together try turn turns want way ways whole work works world always thanks simply easily often
    clearly exactly straight right
""")
UNITS: Final = word_set("""
    meter meters kilometer kilometers centimeter centimeters millimeter millimeters micrometer nanometers gram grams
    kilogram kilograms second seconds minute minutes hour hours day days year years newton newtons joule joules watt
    watts volt volts ampere amperes amps ohm ohms coulomb coulombs hertz pascal pascals kelvin degree degrees celsius
    fahrenheit percent mole moles liter liters mile miles foot feet inch inches pound pounds dollar dollars tesla
    kilojoule kilojoules kilowatt kilowatts decibel decibels radian radians week weeks month months century centuries
""")
# "one" is none of them: "one of them", "the one that".
NUMBER_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: number
        for number, words in {
            "0": "zero",
            "2": "two twice double doubles doubled doubling",
            "3": "three triple triples tripled thrice",
            "4": "four quadruple quadruples quadrupled",
            "5": "five",
            "6": "six",
            "7": "seven",
            "8": "eight",
            "9": "nine",
            "10": "ten",
            "11": "eleven",
            "12": "twelve",
            "0.5": "half halve halves halved halving",
        }.items()
        for word in words.split()
    }
)
ORDINALS: Final = word_set("first second third fourth fifth last")
