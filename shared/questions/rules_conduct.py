"""Drugs, sexual content and contempt: what no lesson is made of, and what can be asked instead."""

from typing import Final

from shared.questions.rules import INTENT, KINDS, MAKE, Category, rule

_DRUG = (
    r"(?:(?:crystal )?meth|methamphetamines?|amphetamines?|lsd|mdma|ecstasy|cocaine|coke\b(?= (?:powder"
    r"|dealer))|crack cocaine|heroin|fentanyl|ketamine|ghb|dmt|opium|weed|marijuana|cannabis|edibles"
    r"|magic mushrooms|shrooms|moonshine|lean\b|xanax|adderall|oxy(?:contin|codone)?|drugs)"
)
_PEOPLE = (
    r"(?:black people|blacks|white people|whites|jews|jewish people|muslims|christians|hindus|asians?"
    r"|chinese people|mexicans|latin[oax]s|hispanics|immigrants|refugees|gays|gay people|homosexuals|lesbians"
    r"|trans(?:gender)? people|indians|arabs|africans|native americans|gypsies|roma|disabled people|foreigners"
    r"|poor people|fat people)"
)
_GROUP = rf"(?:{_PEOPLE}|women|girls|men|boys)"
_WORTH = (
    r"(?:inferior|superior|stupid|dumb|evil|lazy|dirty|criminals?|terrorists?|subhuman|animals|vermin|ugly"
    r"|worthless|dangerous|disgusting|less intelligent|not human|parasites|trash)"
)

DRUGS: Final = Category(
    code="unsafe_content",
    message=(
        "Making, getting or using drugs is not explained here. You can ask how substances act on cells and the body. "
        "If you are worried about yourself or a friend, a doctor, a school nurse or an adult you trust can help "
        "without judging."
    ),
    tight=("makemeth", "cookmeth", "buyweed", "buydrugs"),
    rules=(
        rule(
            "make_or_get_drugs",
            "making, buying, using",
            rf"\b{INTENT}\b (?:\S+ ){{0,4}}?(?:{MAKE}|sell|deal|smoke|snort|inject|use|take|hide|score"
            rf"|find) {KINDS}{_DRUG}\b(?! (?:test|trial|resist\w*|dose|stud))",
            rf"^(?:{MAKE}) {KINDS}(?:meth|lsd|cocaine|heroin|mdma)\b",
            rf"\b(?:recipe|ingredients|instructions|formula) (?:for|of|to make|to cook) {KINDS}{_DRUG}\b",
            r"\b(?:extracting|cooking|growing|making|synthesi[sz]ing|selling|smoking|snorting|buying"
            rf"|dealing) {KINDS}{_DRUG}\b",
            r"\broll(?:ing)? (?:a |an? \w+ )?(?:joints?|blunts?|spliffs?)\b",
            r"\b(?:make|cook|smoke|buy|sell|do) (?:some )?crack(?: cocaine)?(?=$|[?.!,]| (?:at home|in|from"
            r"|with))",
        ),
        rule(
            "getting_high",
            "getting intoxicated",
            r"\b(?:to|i|we|you|me) get (?:\S+ )?(?:stoned|wasted|drunk|blazed)\b",
            r"\b(?:to|i|we|you|me) get (?:really |so |super )?high(?= (?:off|from|using|fast|quick"
            r"|without (?:drugs|weed|my|any)|on (?:weed|drugs|pills|cough|glue|nutmeg))|[?.!]*$)",
            r"\b(?:vape|vaping|smoke|juul|drink|drinking) (?:\S+ ){0,4}without (?:\S+ )?(?:getting|being"
            r"|my)\b",
            r"\bpass (?:a|my|the) drug test\b",
            r"\b(?:which|what|can|does|do) (?:\S+ ){0,4}?(?:gets?|makes?|getting) (?:you|me|u|someone"
            r"|people) (?:\w+ )?(?:high|stoned|drunk)(?= fast|$|[?.!,])",
        ),
        rule(
            "under_age",
            "what minors may not buy",
            r"\b(?:buy|get|make|order|purchase) (?:\S+ ){0,2}?(?:fake ids?|fake identification|vapes?"
            r"|e-?cig\w*|cigarettes|beer|vodka|alcohol|liquor|whiskey)\b(?=.*\b(?:under ?age|without|minor|kid"
            r"|teen|i'?m \d\d|\d\d years? old|id)\b)",
            r"\b(?:make|buy|get) (?:an? |my )?fake id\b",
        ),
    ),
)


SEXUAL: Final = Category(
    code="unsafe_content",
    message=(
        "Sexual content is not made here. Biology is: ask about cells, genetics or reproduction in plants and animals. "
        "For personal questions, a parent, a doctor, a school nurse or another adult you trust is a good place to go."
    ),
    tight=("sendnudes", "porn"),
    rules=(
        rule(
            "explicit",
            "words that no lesson needs",
            r"\b(?:porn\w*|nudes|hentai|onlyfans|erotic\w*|blow ?jobs?|hand ?jobs?|masturbat\w*|orgasms?"
            r"|dick ?pics?|dicks?|boobs?|(?<!great )(?<!blue )tits|titties|pussy|cock(?:s"
            r"|sucker)?\b(?! ?(?:pit|roach))|horny|sexting|sexts?|milfs?|fetish\w*|strip ?tease|threesome"
            r"|cum(?:ming|shot)|rape (?:porn|video|fantasy)|bdsm|dildos?|virginity)\b",
        ),
        rule(
            "nakedness",
            "naked people; hot bodies radiate",
            r"\b(?:naked|nude|sexy|undressed|topless|hot) (?:\w+ )?(?:girls?|boys?|wom[ae]n|m[ae]n|pics?"
            r"|photos?|pictures?|images?|people|person|teachers?|classmates?|videos?|body|bodies|selfies?"
            r"|ladies|teens?|stor(?:y|ies)|scenes?|dances?)\b(?<!hot body)(?<!hot bodies)(?<!hot "
            r"person)(?<!hot people)",
            r"\b(?:girls?|wom[ae]n|boys?|teacher|classmate) (?:without clothes|undress\w*|showering|naked)\b",
        ),
        rule(
            "sex_acts",
            "acts; sex cells and sex-linked traits are genetics",
            r"\b(?:have|having|had|has) (?:\w+ )?sex\b(?! (?:cells?|chromosom\w*|organs?|hormones?|ratio"
            r"|differences?))",
            r"\b(?:oral|anal|gay|lesbian|group|phone|teen|casual) sex\b",
            r"\bsex (?:videos?|tapes?|positions?|stor(?:y|ies)|scenes?|toys?|with|chat|pics?)\b",
            r"\bhow (?:to|do (?:i|you|we|people)) (?:\S+ ){0,2}(?:sex|hook up|make love|seduce"
            r"|lose my)\b(?! (?:cells?|chromosom\w*|link\w*|hormones?|ratio|determin\w*))",
        ),
    ),
)


HATE: Final = Category(
    code="unsafe_content",
    message=(
        "Lessons here treat every person with respect, so this one was not made. "
        "Ask about the subject itself, and you will get a lesson."
    ),
    rules=(
        rule(
            "slur",
            "words that only insult",
            r"\b(?:n[i1]gg(?:er|a|uh)s?|fag(?:got)?s?|kikes?|spics?|wetbacks?|trann(?:y|ies)|dykes?"
            r"|towelheads?|ragheads?|sand ?n\w+ers?|gooks?)\b",
        ),
        rule(
            "worth_of_groups",
            "contempt for groups of people",
            r"\b(?:why|prove|explain|show|that|because|video|are|since|all"
            rf"|most) (?:\S+ ){{0,4}}?{_GROUP} (?:are |is |being )?(?:\S+ ){{0,3}}?{_WORTH}\b",
            rf"\b(?:i|we|everyone) hates? (?:all )?(?:the )?{_GROUP}\b",
            r"\b(?:kill|gas|exterminate|deport|eliminate|lynch|get rid of|remove"
            rf"|ban) (?:all )?(?:of )?(?:the )?{_GROUP}\b",
            rf"\bjokes? (?:about|on|against) (?:the )?{_GROUP}\b",
            rf"\b{_GROUP} (?:should|must|deserve)(?: to)?(?: all)? (?:die|be (?:killed|dead|deported|banned"
            r"|exterminated)|suffer)\b",
            rf"\b{_PEOPLE} (?:\w+ )?(?:dumber|smarter|lazier|stupider|inferior|superior|more violent"
            r"|less intelligent|uglier|dirtier|more criminal)\b",
            rf"\b{_PEOPLE} (?:secretly |really |always |all )?(?:control|run|own|rule|ruin|ruined|destroy"
            r"|destroying|invade|invading|replac(?:e|ing)|stink|smell)\b",
            rf"\b{_PEOPLE} (?:to )?be (?:punished|banned|locked up|killed|sterili[sz]ed|segregated|silenced)\b",
            r"\b(?:one|which|what|a|our|my|your|their|his) race (?:is|are) (?:the )?(?:\w+ )?(?:smart\w*"
            r"|superior|inferior|best|worst|better|worse|dumb\w*|intelligent)\b",
        ),
        rule(
            "extremism",
            "extremist claims",
            r"\b(?:hitler|nazis?|the kkk|isis) (?:was|were|is|are|did) (?:\S+ ){0,2}?(?:right|good|great"
            r"|heroes?|a hero|correct|nothing wrong)\b",
            r"\bheil hitler\b",
            r"\bsieg heil\b",
            r"\bwhite power\b(?! (?:supply|cord|light|noise))",
            r"\bholocaust (?:\S+ ){0,3}?(?:hoax|lie|fake|never happened|didn'?t happen|did not happen"
            r"|myth)\b",
            r"\b(?:great|master) race\b",
            r"\brace war\b",
        ),
        rule(
            "bullying",
            "contempt for one person",
            r"\b(?:make|making|poke|poking) fun of (?:my|a|the|this|our|him|her|that"
            r"|some) ?(?:\w+ )?(?:classmates?|friends?|teachers?|girl|boy|kid|students?|sister|brother"
            r"|principal|guy|fat|disabled|him|her)\b",
            r"\b(?:roast|insult|humiliate|embarrass|bully|dox|threaten|blackmail|spread rumou?rs about"
            r"|diss) (?:my|a|the|this|him|her|someone|that|some) ?(?:\w+ )?(?:classmates?|friends?|teachers?"
            r"|girl|boy|kid|students?|sister|brother|principal|guy|ex"
            r"|nerd)?\b(?<!roast a )(?<!roast the )(?<!threaten the )(?<!threaten a )",
            r"\b(?:calls?|say|says|saying|showing|tell\w*|prov\w*) (?:that )?(?:my )?(?:teacher|classmate"
            r"|[a-z]+ [a-z]+) is (?:\w+ )?(?:ugly|fat|stupid|an idiot|a loser|dumb|gay|a slut|a whore"
            r"|a bitch)\b",
            r"\b(?:rap|song|video|meme|poem|joke|story|lesson|roast|comic|post)s? (?:\w+ ){0,2}?(?:insult"
            r"|bully|mock|humiliat|roast|sham|trash|threaten|tease|teas)\w*\b",
        ),
    ),
)
