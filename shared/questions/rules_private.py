"""Private details in a question, and requests for those of other people."""

import re
from typing import Final

from shared.questions.rules import Category, rule

# Ranges that card issuers use; other long numbers are quantities of a problem.
_CARD_ISSUERS: Final = re.compile(r"^(?:4|5[1-5]|2[2-7]|3[47]|6(?:011|5|4[4-9]))")
_STREET = (
    r"(?:street|st\b\.?|avenue|ave\b\.?|road|rd\b\.?|boulevard|blvd\b\.?|lane|ln\b\.?|drive|dr\b\.?|terrace"
    r"|court|ct\b|place|way)"
)
_ASK = (
    r"(?:give|show|tell|send|get|find|look ?up|share|list|reveal|leak|text|i want|i need|do you (?:know|have)"
    r"|what(?:'s| is| are)|whats|can (?:i|you) (?:have|get|find|give|tell))"
)
_PERSON = (
    r"(?:(?:boy|girl)?friends?|classmates?|teachers?|students?|girl|boy|kids?|crush|ex|neighbou?rs?|principal"
    r"|coach|person|guy|woman|man|class|tutor|cousin|boss)"
)
_WHOSE = (
    r"(?:\w+(?: \w+)?'s|\w+s'|his|her|their|someone(?: else)?'?s?|somebody(?: else)?'?s?|(?:my|the|a|another"
    rf"|other|this|that|our|all) (?:\w+ )?{_PERSON}'?s?'?(?: \w+'s)?)"
)
_CONTACT = (
    r"(?:(?:phone|mobile|telephone|contact|whatsapp|cell ?phone) numbers?|(?:home |street "
    r"|postal )?address(?:es)?|e-?mails?(?: address(?:es)?)?|passwords?|passcodes?|instagram|insta|snapchat"
    r"|tiktok|whats ?app|discord|social security(?: number)?|ssn|licen[cs]e plate|medical (?:records?|history)"
    r"|browser history|private (?:photos?|messages?|pictures?)|text messages|dms?|diary|credit cards?"
    r"|bank account|whereabouts|disciplinary record|locker (?:number|combination|code)|login)"
)
_MARKS = (
    r"(?:grades?|marks?|gpa|report card|test scores?|exam scores?|quiz scores?|transcripts?"
    r"|attendance(?: record)?|test results?|detentions?)"
)


def _is_card(found: str) -> bool:
    """Tell a payment card from another long number: issuer's range and Luhn check digit (ISO/IEC 7812-1)."""
    digits = [int(character) for character in found if character.isdecimal()]
    if not 13 <= len(digits) <= 19 or not _CARD_ISSUERS.match("".join(map(str, digits))):
        return False
    doubled = [2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


OWN_DETAILS: Final = Category(
    code="personal_data",
    message=(
        "This text holds private details, such as a phone number, an address or a card number. "
        "Leave them out, they are not needed for a lesson, and ask about the subject again."
    ),
    disguised=False,  # nobody hides their own number, and numbers read backwards are phone numbers all too often
    rules=(
        rule(
            "email",
            "an e-mail address",
            r"\b[\w.+-]+ ?(?:@|\(at\)|\[at\]) ?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b",
        ),
        rule(
            "phone",
            "a phone number as it is written in North America, or with a country's code",
            r"(?<![\d.,-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?\d{3}[-. ]|\d{3}-\d{3}-"
            r"|\d{3}\.\d{3}\.)\d{4}(?![\d-]|[.,]\d)",
            r"(?<!\d)\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}(?!\d)",
        ),
        rule(
            "phone_named",
            "digits that are called a phone number",
            r"\b(?:phone(?: number)?|mobile|whatsapp|(?:call|text|reach|ring) (?:me|him|her|them|us)"
            r"|my number)\b[^\d+]{0,20}(?<![\d.])\+?\d{3,4}[ .()-]{0,2}\d{3,4}(?:[ .-]?\d{2,4})?(?"
            r"![ ,.]?\d)",
            verify=lambda found: 7 <= sum(character.isdecimal() for character in found) <= 12,
        ),
        rule(
            "national_id",
            "a US social security number",
            r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])",
        ),
        rule(
            "id_named",
            "a number that is called an identity, account or passport number",
            r"\b(?:ssn|social security(?: number)?|passport(?: number)?|national id|driver'?s? licen[cs]e"
            r"|student (?:id|number)|id number|iban|bank account|account number|medicare"
            r"|national insurance)\b(?: (?:number|no\.?|card|is|was|:"
            r"|=))*[ :#]+(?=[a-z]{0,3}[\d -]*\d{4})[a-z0-9-]{5,}",
        ),
        rule(
            "card",
            "a payment card, told by its check digit",
            r"(?<![\d.,])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5}"
            r"|\d{13,19})(?!\d|[.,]\d| \d)",
            verify=_is_card,
        ),
        rule(
            "address",
            "a postal address",
            r"\b(?:live|lives|living|address|home|house|stay|stays"
            rf"|moved)\b(?: \S+){{0,4}}? \d{{1,5}} (?:[a-z]+ ){{1,3}}{_STREET}",
            rf"\b\d{{1,5}} (?:[a-z]+ ){{1,2}}{_STREET},? (?:(?:apt|apartment|unit|suite"
            r"|#) ?\w+,? )?[a-z]+(?: [a-z]+)?,? (?:[a-z]{2} )?\d{5}\b",
        ),
        rule(
            "password",
            "a password is being told",
            r"\b(?:my|his|her|their|our|\w+'s) (?:\w+ )?(?:password|passcode|pin|pin code) (?:is|was|:"
            r"|=)(?! (?:not|too|weak|strong|random|a|an|secure)\b)",
        ),
    ),
)

OTHERS_DETAILS: Final = Category(
    code="personal_data",
    message=(
        "Private details of people, such as grades, phone numbers or where they live, are not given here. "
        "You can ask about any subject of your books; for questions about a person, talk with them "
        "or with your teacher."
    ),
    rules=(
        rule(
            "contact_of_person",
            "where or how somebody can be reached",
            rf"\b{_ASK}\b (?:\S+ ){{0,4}}?{_WHOSE} (?:\S+ ){{0,4}}?{_CONTACT}\b",
            rf"\b{_ASK}\b (?:\S+ ){{0,3}}?{_CONTACT} (?:of|for|from) (?:the |my |our |this |that |a |all "
            rf"|every )*(?:\w+ ){{0,2}}?{_PERSON}\b",
            r"\b(?:send|show|get|find|give) (?:me |us )?(?:a |the |some )?(?:pictures?|photos?|videos?"
            rf"|selfies?) of (?:my|the|our|that) (?:\w+ )?{_PERSON}\b",
        ),
        rule(
            "marks_of_person",
            "somebody's grades; 'what is her z-score' with numbers is statistics",
            r"\b(?:give|send|show|tell|share|leak|get|find out|look ?up|i want to (?:see|know)) (?:me |us "
            rf"|out |to see )*{_WHOSE} (?:\S+ ){{0,3}}?{_MARKS}\b",
            rf"\b(?:give|send|show|tell|share|leak) (?:me |us )?(?:all )?(?:the |of the )?{_MARKS} (?:of|for"
            r"|from) (?:my|the|all|every|other|another) (?:\w+ )?(?:friends?|classmates?|students?|girl|boy"
            r"|kids?|class|teacher)\b",
            r"\b(?:tell me|show me|do you know|find out|can you (?:see|find|check)) (?:\S+ )?(?:what|how much"
            r"|how many points|which grade) (?:\S+ ){1,6}?(?:got|get|scored) (?:on|in|for) (?:the|his|her"
            r"|our|their|that) (?:\w+ ){0,2}?(?:test|exam|quiz|final|midterm)\b",
            r"\b(?:which|what|who|list|show) (?:the |all )?(?:students?|kids|people|classmates|one)? ?(?:in|of"
            r"|from) (?:my|our) (?:class|school|grade|team) (?:failed|flunked|passed|cheated|is failing"
            r"|are failing|has|have|got|takes?|is|are)\b",
            r"\bwhat (?:did|does|has) (?:[a-z]+ ){1,2}(?:get|got|score|scored|getting) (?:on|in|for) (?:his"
            r"|her|their|the) (?:\w+ ){0,2}?(?:test|exam|quiz|final|report card|midterm)[?.! ]*$",
        ),
        rule(
            "whereabouts",
            "following somebody",
            r"\bwhere (?:does|do|is|did) (?:my|the|this|that|our) (?:\w+ )?(?:teacher|classmate|crush|ex"
            r"|girlfriend|boyfriend|neighbou?r|principal|coach)s? (?:\w+ )?(?:lives?|staying|right now"
            r"|hang out|go after)",
            r"\bfind out where (?:my|the|this|that|our|he|she) ?(?:\w+ )?(?:lives|is staying|goes)\b",
            r"\b(?:track|stalk|spy on|follow|locate) (?:my|a|the|someone'?s?) (?:\w+ )?(?:girlfriend|boyfriend"
            r"|ex|crush|teacher|classmate|friend|sister|brother|neighbou?r|girl|boy)'?s?\b",
            r"\b(?:tell|show|find out|know|say)(?: me| us)? where (?:(?:coach|mrs?|ms|miss|dr|prof(?:essor)?"
            r"|mister)\.? \w+|my \w+(?: \w+)?|he|she) (?:lives?|is staying|hangs out|stays)\b",
        ),
        rule(
            "love_life",
            "somebody's private life",
            r"\b(?:who is|who's|is) (?:[a-z.]+ ){1,3}(?:dating|going out with|cheating on)\b",
            r"\bwho (?:does|do) (?:[a-z]+ ){1,3}(?:like|love|have a crush on)\b(?= ?(?:[?.!]|$|in my"
            r"|at (?:my )?school))",
        ),
        rule(
            "dox",
            "collecting somebody's details",
            r"\bdox+(?:x?ing|xed)?\b",
            r"\bfind (?:out )?(?:everything|all|private info\w*|personal info\w*|dirt) (?:\S+ ){0,2}(?:about"
            r"|on) (?:my|this|a|the|someone)\b",
        ),
    ),
)
