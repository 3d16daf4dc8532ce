"""Deterministic editing: which sentences can stand alone, and how a sentence is shortened without inventing.

Sentences keep their `$LaTeX$`; callers turn them into narration or screen text afterwards.
"""

import re
from functools import lru_cache
from typing import Final

from shared.lesson import patterns
from shared.lesson.limits import BULLET_CHARACTERS, BULLET_WORDS
from shared.lesson.prose import on_screen
from shared.lesson.words import content, count, lower_first, shown, upper_first

LONG_SENTENCE: Final = 28  # words; longer ones are split
_TERSE: Final = 9  # words that a line is trimmed towards


def cleaned(sentence: str) -> str:
    """Drop parentheticals, lead-ins and remarks that point into the page; the sense stays the same."""
    previous = ""
    text = sentence.strip()
    while previous != text:
        previous = text
        text = _hiding_math(patterns.PARENTHESES, text)
    text = patterns.ASIDES.sub(" ", text)
    text = patterns.TAILS.sub("", text)
    stripped = patterns.LEAD_INS.sub("", text)
    if stripped != text:
        stripped = upper_first(patterns.LEAD_INS.sub("", stripped))
    text = re.sub(r"^Here,? (?=\$|[a-z] is)", "", stripped)
    return re.sub(r"\s+([.,;])", r"\1", text).strip()


def _hiding_math(pattern: re.Pattern[str], text: str) -> str:
    """Remove what matches outside formulas."""
    parts = re.split(r"(\$[^$]*\$)", text)
    joined = "".join(part if part.startswith("$") and len(part) > 1 else pattern.sub("", part) for part in parts)
    # A parenthesis that spans a formula is removed whole.
    return re.sub(r"\s*\([^()$]*\$[^$]*\$[^()$]*\)", "", joined)


def is_usable(sentence: str) -> bool:
    """Whether a cleaned sentence may be said in a lesson at all, given its neighbors."""
    if not sentence or sentence[-1] not in ".!" or sentence.endswith((":", "?")):
        return False
    if not (sentence[0].isupper() or sentence[0] in '$“"' or sentence[0].isdecimal()):
        return False
    length = count(patterns.FORMULA.sub("x", sentence))
    if length < 4 or length > 45 or not patterns.VERB.search(patterns.FORMULA.sub("", sentence)):
        return False
    if (
        patterns.LISTED.match(sentence)
        or patterns.GAP.search(sentence)
        or patterns.READER.match(sentence)
        or patterns.FIRST_PERSON.search(sentence)
    ):
        return False
    if patterns.POINTING.search(patterns.PLAIN_USE.sub("", sentence)):
        return False
    numbers = re.findall(r"\d[\d,.]*", sentence)
    formulas = re.findall(r"\$[^$]+\$", sentence)
    return len(numbers) <= 4 and len(formulas) <= 2 and sum(map(len, formulas)) <= 45


def is_standalone(sentence: str) -> bool:
    """Whether a usable sentence is understood without the one before it."""
    return not patterns.ANAPHORA.match(sentence) or bool(patterns.SELF_CONTAINED.match(sentence))


def explains_symbols(sentence: str) -> bool:
    """Whether a sentence tells what letters or units mean, which belongs beside its formula."""
    return bool(
        patterns.SYMBOLS.search(sentence) or patterns.RESULT.match(sentence) or patterns.OF_EQUATIONS.search(sentence)
    )


def split_long(sentence: str, limit: int = LONG_SENTENCE) -> list[str]:
    """Split a sentence of more than `limit` words where two full clauses meet; shorter ones stay whole."""
    if count(sentence) <= limit:
        return [sentence]
    for joint in re.finditer(r"(?:; (?:therefore,? |however,? )?|, (and|but|so) (?=\S+ \S+))", sentence):
        first, second = sentence[: joint.start()], sentence[joint.end() :]
        if count(first) < 5 or count(second) < 5 or not _is_clause(first) or not _is_clause(second):
            continue
        lead = {"but": "But ", "so": "So "}.get(joint[1] or "", "")
        second = lead + (lower_first(second) if lead else upper_first(second))
        return [*split_long(f"{first}.", limit), *split_long(second, limit)]
    return [sentence]


def _is_clause(text: str) -> bool:
    """Whether a piece has its own subject and verb, judged by its first words."""
    words = text.split()
    opener = words[0].lower()
    if opener in {"it", "they", "he", "she", "you", "we", "there"}:
        return True
    subject = (
        opener
        in {
            *("the", "a", "an", "it", "they", "this", "these", "its", "their", "some", "each", "one", "both", "all"),
            *("he", "she", "you", "we", "there", "because", "when", "if", "no", "any", "in", "every", "other", "such"),
        }
        or text[0].isupper()
    )
    return subject and bool(patterns.VERB.search(" ".join(words[1:9])))


def shortened(sentence: str, limit: int) -> str:
    """Return the sentence cut at a clause to at most `limit` words, or whole where no cut is safe."""
    if count(sentence) <= limit:
        return sentence
    best = ""
    for joint in patterns.CLAUSE.finditer(sentence):
        head, tail = sentence[: joint.start()], sentence[joint.end() :]
        if (
            not 4 <= count(head) <= limit
            or patterns.ESSENTIAL.match(tail)
            or not patterns.VERB.search(head)
            or _in_list(head, tail)
        ):
            continue
        if ":" in sentence[: joint.end()] or head.count("$") % 2:
            continue
        if len(head) > len(best):
            best = head
    return f"{best.rstrip(',;')}." if best else sentence


def told_briefly(sentence: str, limit: int) -> str:
    """Like `shortened`, and without a closing relative clause where the sentence says enough before it."""
    brief = shortened(sentence, limit)
    if count(brief) <= limit:
        return brief
    closing = re.match(r"^(.{12,}?)(?:, which| that(?! (?:is|are)\b)| called \w+| with the help of) [^,]+[.]$", brief)
    if (
        closing
        and patterns.VERB.search(closing[1])
        and not patterns.RESTRICTIVE.search(brief)
        and not patterns.UNFINISHED.search(closing[1])
    ):
        return f"{closing[1].rstrip(',')}."
    return brief


def _in_list(head: str, tail: str) -> bool:
    """Whether a comma parts the members of a list rather than clauses."""
    word = tail.split(maxsplit=1)[0] if tail.split() else ""
    if word not in {"and", "or"}:
        return False
    rest = tail.split(maxsplit=1)[1] if len(tail.split()) > 1 else ""
    rest = re.sub(r"^(?:therefore|so|thus|as a result|for this reason),? ", "", rest)
    return (
        not rest
        or not _is_clause(rest)
        or bool(re.search(r",[^,]{2,30}$", head) and not patterns.VERB.search(head.rsplit(",", 1)[1]))
    )


@lru_cache(maxsize=4_000)
def bullet(
    sentence: str, focus: frozenset[str] = frozenset(), limit: int = BULLET_WORDS, width: int = BULLET_CHARACTERS
) -> str:
    """Compress a sentence to a line of at most `limit` words and `width` characters; empty where that would garble it.

    Of the statements that a sentence holds, the one with the most of `focus` (stems) is kept.
    """
    text = sentence.strip().rstrip(".!")
    pieces = [_trimmed(piece, limit) for piece in _pieces(text)]
    fitting = [
        piece for piece in pieces if 2 <= shown(on_screen(piece)) <= limit and not patterns.DEPENDENT.match(piece)
    ]
    if not fitting:
        fitting = [crop for crop in (_cropped(piece, limit) for piece in _pieces(text)) if crop]
    if not fitting:
        return ""

    def worth(piece: str) -> tuple[float, int]:
        words = content(piece)
        long = 0.3 * max(0, count(piece) - _TERSE)
        return (
            len(words & focus) + 0.4 * len(words) + (0.8 if patterns.VERB.search(piece) else 0) - long,
            -count(piece),
        )

    fitting = [piece for piece in fitting if shown(on_screen(piece)) <= limit and len(on_screen(piece)) <= width]
    best = max(fitting, key=worth, default="")
    return best if re.match(r"\$|[b-z] ", best) else upper_first(best)


def _pieces(text: str) -> list[str]:
    """The sentence, its main clause without the opening, and its clauses."""
    opening = patterns.OPENING.match(text)
    main = text[opening.end() :] if opening and not patterns.RESTRICTIVE.search(opening[0]) else text
    pieces = [text] if main == text else [text, re.sub(r"^(?:we say that|then) ", "", main)]
    stated = re.match(r"^[\w’ -]{3,60}? (?:states|says|shows|means) that (?=\S+ \S+ \S+)", text)
    if stated:
        pieces.append(text[stated.end() :])
    for whole in list(pieces):
        for joint in patterns.CLAUSE.finditer(whole):
            head, tail = whole[: joint.start()], whole[joint.end() :]
            if (
                head.count("$") % 2
                or patterns.ESSENTIAL.match(tail)
                or ":" in head
                or _in_list(head, tail)
                or patterns.RESTRICTIVE.search(tail[:12])
            ):
                continue
            if patterns.VERB.search(head) and count(head) > 3:
                pieces.append(head.rstrip(","))
            clause = re.sub(r"^(?:and|so that|so|therefore|as a result),? (?:therefore |as a result )?", "", tail)
            if clause != tail and _is_clause(clause) and not patterns.POINTS_BACK.match(clause):
                pieces.append(clause)
    return pieces


def _trimmed(piece: str, limit: int) -> str:
    """Leave out articles and words that a line on a screen does not need."""
    text = piece.strip(" ,;:")
    for pattern, replacement in patterns.TRIMS:
        if count(text) <= limit:
            break
        text = pattern.sub(replacement, text)
    return text


def _cropped(piece: str, limit: int) -> str:
    """Cut a trailing phrase off a statement; empty where what is left would not be one, or would say more."""
    words = _trimmed(piece, limit).split()
    if patterns.DEPENDENT.match(piece):
        return ""
    for end in range(min(limit, len(words) - 1), 4, -1):
        head, tail = " ".join(words[:end]), " ".join(words[end:])
        if head.count("$") % 2 or patterns.RESTRICTIVE.search(tail) or words[end] not in patterns.PHRASE_STARTS:
            continue
        if re.search(r", (?:and|so|but) ", head):
            continue
        if patterns.VERB.search(" ".join(words[1 : end - 1])) and not patterns.UNFINISHED.search(head):
            return head.rstrip(",;:")
    return ""
