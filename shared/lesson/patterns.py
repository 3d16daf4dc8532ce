"""The patterns by which editing judges and cuts sentences."""

import re
from collections.abc import Iterable
from typing import Final


def _any(alternatives: Iterable[str]) -> str:
    return f"(?:{'|'.join(alternatives)})"


FORMULA: Final = re.compile(r"\$[^$]*\$")
PARENTHESES: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")

# Openings that a sentence says as much without.
_LEAD_INS: Final = (
    r"(?:Note|Notice|Recall|Remember|Observe|Keep in mind)(?: also)? that",
    r"It is important to (?:note|remember|realize) that",
    r"It (?:is also|also) (?:clear|follows) (?:from the equation \$[^$]*\$ )?that",
    r"We know from [\w ]{3,30} that",
    r"(?:From the equation \$[^$]*\$,? )?[Ww]e (?:can )?(?:also )?(?:see|know|say|find|note|conclude) that",
    r"You can see that",
    r"As you (?:know|can see),",
    r"(?:In fact|Of course|However|Moreover|Furthermore|In addition|Additionally|Likewise|Similarly|In other words"
    r"|In general|Generally|That is|Thus|Therefore|Hence|Also|Then|Now|First|Finally|Again|In short|For example"
    r"|For instance|In particular|Indeed|Clearly|Importantly|Interestingly|Conversely|By definition|In this way"
    r"|In summary|Simply put),",
)
LEAD_INS: Final = re.compile(rf"^{_any(_LEAD_INS)}\s+")
# Asides that say nothing once the page is not there.
ASIDES: Final = re.compile(r", (?:for example|for instance|of course|in fact), ")
TAILS: Final = re.compile(
    r",?\s+(?:as (?:shown|seen|illustrated|described|discussed|mentioned|listed|noted)\b[^,.;]*"
    r"|as the (?:following|next|figure|table|diagram)[^,.;]*|(?:shown|listed|given) (?:below|above|here)"
    r"|(?:for example|for instance)(?=[,.]))",
    re.IGNORECASE,
)

# Words that point into the page.
POINTING: Final = re.compile(
    r"\b(?:figures?|tables?|diagrams?|examples?|exercises?|chapters?|sections?|pictures?|images?|photos?|illustrations?"
    r"|sidebars?|videos?|simulations?|appendix|following|previous(?:ly)?|earlier|later in|above|below|textbook"
    r"|worksheet|next (?:section|chapter|example)|student edition|click|answer|website|see the|shown in)\b",
    re.IGNORECASE,
)
# The same words as plain English.
PLAIN_USE: Final = re.compile(
    r"\b(?:above|below) (?:a|an|the|zero|sea|each|its|their|average|freezing|boiling|\$|\d|or|and|ground)"
    r"|following (?:a|an|the (?:path|rules|law))|table (?:pushes|and|salt|is|or|with|top|tennis)"
    r"|(?:on|of|from|off|over|across) (?:a|the) table\b(?! below| above)|section of|cross[- ]sections?|periodic table"
    r"|frequency tables?|contingency tables?|pictures? of",
    re.IGNORECASE,
)
# A link or a displayed formula that is not in the prose leaves a hole.
GAP: Final = re.compile(
    r"\b(?:in|from|by|see|and|of|is|as) [.,;)]|\bsee[.,;]|\(\s*\)|\$\s*\$|_{3,}|\bhttps?:|\bwww\."
    r"|\b(?:shown|illustrated|seen|given|listed|described|depicted|found) in[.,;]"
    r"|\b(?:as|by|is|have|gives?|get|be|write|written|becomes|obtain) "
    r"(?:where|In|This|The|We|One|Note|Although|If|when|and)\b"
)
# An item of a list that stands in the prose.
LISTED: Final = re.compile(r"^[A-Z][\w ’-]{2,34}: [A-Z]")
# A formula is spoken of that is not there.
OF_EQUATIONS: Final = re.compile(
    r"\b(?:this|these|those|both|either|the|its|our|each|following|whichever|whatever|any) (?:[a-z]+ ){0,2}"
    r"(?:equations?|expressions?|formulas?)\b",
    re.IGNORECASE,
)
# What letters and units mean, which belongs beside a formula.
SYMBOLS: Final = re.compile(
    r"(?:\$[^$]{1,24}\$|\b[B-HJ-Zb-hj-z]) (?:is|are|stands for|represents|denotes|has the same unit)\b"
    r"|^(?:In|From|With|Using|Here,?|Multiplying|Dividing|Rearranging) (?:(?:the|this|its|a|both|to) )?[\w’ -]*"
    r"(?:equation|formula|form\b)|\bthe letter\b|^Here \$|\buppercase\b"
    r"|\b(?:no|any|a|their|its) units?\b|^One (?:newton|joule|watt|hertz|ohm|volt|ampere|pascal)\b"
)

# The outcome of a calculation, which means nothing away from it.
RESULT: Final = re.compile(r"^(?:The|Its|So the) [a-z ]{2,30} (?:is|was|are|were|equals?) (?:about |only )?\d")

# Openings that refer to the sentence before.
_BACK: Final = (
    *(
        "This",
        "These",
        "That",
        "Those",
        "It",
        "Its",
        "They",
        "Their",
        "Them",
        "He",
        "She",
        "His",
        "Her",
        "Such",
        "Here",
    ),
    *(
        "There",
        "Both",
        "Another",
        "Others?",
        "Some",
        "Most",
        "All",
        "Each",
        "Neither",
        "Either",
        "One",
        "Two",
        "So",
        "But",
    ),
    *("And", "Or", "Yet", "Instead", "Otherwise", "As a result", "For this reason", "Because of this", "In this"),
    *(
        "In these",
        "In that",
        "In each",
        "In such",
        "At this",
        "At that",
        "With this",
        "From this",
        "After (?:this|that)",
    ),
    *(
        "To do",
        "On the other hand",
        "By contrast",
        "In contrast",
        "Unlike",
        "If so",
        "When this",
        "Once",
        "Nevertheless",
    ),
    *("Still", "Consequently", "Accordingly", "Then", "Next", "Second", "Third", "Same", "For this", "By this"),
    *("Not only", "Even so", "Meanwhile", "Rather", r"The [a-z]+ (?:is|are) therefore"),
    r"The (?:two|same|other|former|latter|first|second|third|last|result|reason|answer|remaining|above|resulting"
    r"|rest|law|method|formula|theory|difference|process|equation|effects?|numbers?|constants?|original|second-named)",
)
ANAPHORA: Final = re.compile(rf"^{_any(_BACK)}\b")
# The same words where they open a sentence of their own.
SELF_CONTAINED: Final = re.compile(
    r"^(?:Each|Every|All|Most|Some|Two|One|Both|Once|Another) (?:[a-z-]+ ){0,3}?(?:of the |of an? |is |are |in "
    r"|that |has |have |can |carr|cells?|atoms?|objects?|plants?|people|human|substances?|elements?|large)"
    r"|^There (?:is|are)\b"
    r"|^It takes\b|^It is (?:not )?(?:possible|common|easy|hard|important|true)\b"
    r"|^Unlike (?!this|that|these|those|it\b)"
    r"|^In each of the\b|^To do [a-z]+ |^The (?:law|theory|principle|method|number|process|effect) of "
    r"|^The (?:two|same|first|second|third|other|process|difference|result|effects?) (?:[a-z-]+ ){0,2}"
    r"(?:of|between|in) (?:an?|the) "
)
# Instructions and questions to the reader.
READER: Final = re.compile(
    r"^(?:(?:Now|Next|Then|So|Also|Again),? )?(?i:Calculate|Find|Determine|Consider|Suppose|Imagine|Let|Look|Use|Try"
    r"|Draw|Sketch|Identify|Explain|Describe|Discuss|Compare|List|Write|Solve|Show|Think|Assume|Choose|Select|Which|What|Why"
    r"|How|When asked|Ask|Have|Before you|State|Predict|Complete|Match|Check|Be sure|Make sure|Refer|See|Take|Remember"
    r"|Recall|Note)\b"
)
# The book speaking of itself.
FIRST_PERSON: Final = re.compile(
    r"\b(?:we will|we shall|let us|let’s|let's|we (?:have )?(?:discussed|learned|saw|considered|just|now|used|did)|I"
    r"|in this (?:section|chapter|module|course|book|lesson|example|problem|equation)"
    r"|you will (?:learn|see|study|explore)|students?|teachers?|class|we get|we have|which we write|gives?$)\b",
)

# Whether a piece of text makes a statement; a sign, not a proof.
VERB: Final = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|can|cannot|do|does|did|may|must|will|would|could|should|[a-z]{3,}(?:s|ed|es)"
    r"|come|take|make|move|push|pull|give|act|need|show|use|carry|gain|lose|join|meet|add|point|stop|run|turn|grow"
    r"|break|react|form|travel|vary|fall|rise|begin|end|keep|depend|produce|contain|happen|exert|become|share|change)\b"
)
# Where clauses meet.
CLAUSE: Final = re.compile(
    r",? (?=(?:because|so that|so|but|while|although|whereas|which means|unless)\b)|; "
    r"|, (?=(?:and|or|which|where|in which) )|: |—|, (?=(?:and )?(?:as a result|therefore|thus))",
)
# Cutting before one of these would change what the sentence says.
ESSENTIAL: Final = re.compile(r"^,? ?(?:only|not|unless|except|if|but not|or\b|although|but\b)", re.IGNORECASE)
RESTRICTIVE: Final = re.compile(r"\b(?:only|not|never|no|cannot|unless|except|without|if)\b", re.IGNORECASE)
# A piece that cannot stand without the main clause.
DEPENDENT: Final = re.compile(
    r"^(?:If|When|Because|Although|While|Since|As|Before|After|To|Unless|Whether|For) \S", re.IGNORECASE
)
POINTS_BACK: Final = re.compile(r"(?:it|they|this|these|its|their|that|those|some of its|some of their|both|each)\b")
# Words before which a trailing phrase may be cut off.
PHRASE_STARTS: Final = frozenset(
    {"that", "which", "in", "from", "during", "inside", "for", "with", "through", "at", "when", "by", "as", "until"}
    | {"because", "where", "called"}
)
# An ending that shows that the cut came too early.
UNFINISHED: Final = re.compile(
    r"(?:\b(?:states|says|shows|means|divided|multiplied|compared|such|into|through|when|if|while|because"
    r"|the|a|an|of|and|or|to|in|is|are|that|which|by|with|called|from|needed|used|takes|take|made|both|between"
    r"|its|their|be|as|than|so|more|up|out|at|on|for|two|three|equal|same|greater|less|larger|smaller|not|only)|,)$"
)
# What a line on a screen does not need, in the order in which it is left out.
TRIMS: Final = (
    (re.compile(r"^(?:(?:An?|The) )?([A-Z]?[\w’ -]{3,40}?) is (?=(?:an?|the) )(?!.*\bis\b)"), r"\1: "),
    (re.compile(r"\b(?:very|really|actually|also|simply|exactly) "), ""),
    (re.compile(r"(?<=: )(?:the|an?) "), ""),
    (re.compile(r"(?<=\w )(?:the|an?) (?!few|little|lot|second|third|time|same|most|more|less|least|only)(?=\w)"), ""),
    (re.compile(r"\bis able to\b"), "can"),
    (re.compile(r"^(?:The|An?) (?=[a-z])"), ""),
)
# A subordinate opening, "When light strikes glass, ".
OPENING: Final = re.compile(
    r"^(?:When|If|As|Because|Although|While|In|On|At|During|After|Before|For|With|Inside|Since|By|Under)\b[^,]{3,70}, "
    r"(?=\S)"
)
