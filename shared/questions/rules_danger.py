"""Danger to life. The messages say where help is, or what can be asked instead."""

from typing import Final

from shared.questions.rules import INTENT, KINDS, MAKE, Category, rule

_EXPLOSIVE = (
    r"(?:bombs?(?! calorimet\w*)|explosives?(?: device)?|pipe ?bombs?|molotovs?(?: cocktails?)?|grenades?"
    r"|land ?mines?|dynamite|tnt|nitroglycerine?|napalm|thermite|c-?4\b|semtex|gunpowder|black powder|petn"
    r"|tatp|ied\b|detonators?|nukes?|nuclear weapons?|warheads?|fireworks?|firecrackers?)"
)
_WEAPON = (
    r"(?:(?<!electron )(?<!water )(?<!nerf )(?<!glue )(?<!heat )(?<!radar )(?<!potato )(?<!speed )(?<!rail "
    r")(?<!coil )(?<!gauss )guns?|firearms?|pistols?|rifles?|handguns?|shotguns?|silencers?|suppressors?|ammo"
    r"|ammunition|switchblades?|brass knuckles|tasers?)"
)
_POISON = (
    r"(?:sarin|vx|mustard gas|nerve (?:gas|agents?)|chlorine gas|tear gas|phosgene|cyanide|ricin|anthrax"
    r"|botulinum|chemical weapons?|bio(?:logical )?weapons?|poison(?:ous)?(?: gas)?|toxic gas|knockout drops)"
)
_PERSON = (
    r"(?:teacher|classmate|class ?mates|brother|sister|siblings?|parents?|mom|mum|mother|dad|father|friend"
    r"|girlfriend|boyfriend|ex|neighbou?r|principal|kids?|child|children|people|person|someone|somebody|anyone"
    r"|students?|everyone|everybody|boss|president|bully|bullies|family|girls?|boys?|man|woman|him|her|them"
    r"|dog|cat|pets?|baby|grandma|grandpa|cops?|police)"
)
_HELP = (
    "It sounds as if things may be very hard right now, and you do not have to carry that alone. Please talk to "
    "somebody you trust today: a parent, a teacher, a school counselor. If you or someone else could be in danger, "
    "call your emergency number now; in the United States you can call or text 988 at any hour. "
    "Your lessons will be here when you are ready."
)

# Asked of the past, making the bomb is history.
_PAST = (
    r".*\b(?:scientists?|physicists?|manhattan|oppenheimer|einstein|world war|history|historical\w*|countries"
    r"|germany)\b"
)

SELF_HARM: Final = Category(
    code="unsafe_content",
    message=_HELP,
    tight=("killmyself", "hurtmyself", "cutmyself", "hangmyself", "wanttodie", "wannadie", "endmylife", "suicideme"),
    rules=(
        rule(
            "kill_oneself",
            "said outright",
            r"\b(?:kill(?:ing)?|hang(?:ing)?|drown(?:ing)?|shoot(?:ing)?|starv(?:e|ing)|suffocat(?:e|ing)"
            r"|electrocut(?:e|ing)|unaliv(?:e|ing)|self[- ]?harm|k word) (?:my|your|one) ?sel(?:f|ves)\b",
            r"\bunalive (?:me|myself)\b",
            r"\bmy (?:own )?suicide\b",
            r"\b(?:i|to|should i|gonna|wanna|keep|i keep) self[- ]?harm(?:ing)?\b",
        ),
        rule(
            "hurt_oneself",
            "wanting to hurt oneself; 'hurt myself when I land' is physics",
            r"\b(?:want|wanna|need|like|love|going|gonna|keep|kept|how|ways?|should i|think\w*|urge|stop"
            r"|feel\w*)\b (?:\S+ ){0,3}?(?:hurt|harm|cut|burn|stab|punish|poison)(?:ting"
            r"|ing)? myself\b(?! (?:when (?:i )?(?:land|fall|jump|run|lift|play|kick|hit)|while|with|during|in"
            r"|at|playing|lifting|running|jumping|landing|if|from))",
            r"\bi(?:'m| am|'ve been| have been|ve been|ve started| started| keep"
            r"| kept)? (?:been )?cutting(?: again| my (?:arms?|wrists?|legs?|thighs?|skin|self)|$|[.!?,])",
            r"\b(?:ve been|been|started|keep|stop) cutting (?:again|my (?:arms?|wrists?|legs?|thighs?))",
            r"\b(?:cut|slit|slash)(?:ting)? (?:my|your|one's) (?:arms?|wrists?|thighs?|throat|veins?)\b",
            r"\bhow deep (?:do|should|must|can) i (?:have to |need to )?cut\b",
        ),
        rule(
            "wanting_to_die",
            "said of oneself",
            r"\bi (?:\S+ ){0,3}?(?:want|wanna|wish|hope|going|gonna|ready|plan\w*|tempted|need|deserve"
            r"|would rather)(?: to)?(?: just)? (?:die|be dead|not (?:be alive|exist|wake up)|end (?:it all"
            r"|my life|everything)|disappear forever|i (?:was|were) (?:dead|never born))\b",
            r"\bi (?:wish|hope) (?:i|that i) (?:was|were|am|would|could|had|never"
            r"|don'?t) ?(?:\S+ ){0,2}?(?:dead|die|never born|been born|wake up|exist)\b",
            r"\bwant (?:it|this|everything|the pain) (?:all )?(?:to (?:just )?)?(?:end|stop|be over)\b",
            r"\b(?:happier|better|easier)(?: off)?(?: for everyone)? if i (?:was|were|am) (?:dead|gone"
            r"|not here|never born)\b",
        ),
        rule(
            "ending_life",
            "means and plans; cells may 'commit suicide' and rates may be counted",
            r"\bend(?:ing)? (?:my|our) (?:own )?li(?:fe|ves)\b",
            r"\btak(?:e|ing) my (?:own )?life\b",
            r"\b(?:i|me|how (?:to|do i|can i)|should i|ways? to|going to|gonna"
            r"|want to) (?:\S+ ){0,2}?commit(?:ting)? suicide\b",
            r"\bsuicide (?:methods?|notes?|pills?|plan|pact)\b",
            r"\bbest (?:\S+ )?(?:way|method) (?:\S+ )?(?:for|of) suicide\b",
            r"\b(?:i|i'?m|i am|feel(?:ing)?|i've been) (?:\S+ )?suicidal\b",
            r"\b(?:painless(?:ly)?|least painful|quickest|easiest|fastest) (?:\S+ )?(?:(?:way|ways) to (?:die"
            r"|kill my\w*)|death|suicide|die)\b",
            r"\b(?:cut|hurt|harm|burn)(?:ting|ing)? myself (?:without|because|to feel|so that|on purpose|again"
            r"|every)\b",
            r"\bhow many (?:\S+ )?(?:pills|tablets) (?:to|would|will|does it take to|can) (?:\S+ )?(?:kill me"
            r"|overdose|die)\b",
            r"\boverdose on\b",
            r"\b(?:i|to) (?:take|took|swallow\w*|eat|drink|drank|inject) (?:\S+ ){0,4}?(?:pills"
            r"|sleeping pills|tablets|tylenol|ibuprofen|paracetamol|aspirin|bleach|rat poison|antifreeze)\b",
        ),
        rule(
            "no_reason_to_live",
            "despair",
            r"\b(?:don'?t|do not|dont|no longer) want to (?:live|be alive|exist|be here|wake up)\b(?! in)",
            r"\b(?:no|any) reason (?:to live|to be alive|to go on|for living)\b",
            r"\bbetter off (?:without me|dead|if i)\b",
            r"\bmy life is (?:\S+ )?(?:pointless|worthless|over|not worth|meaningless)\b",
            r"\bnot worth living\b",
            r"\b(?:no ?one|nobody|would anyone|anybody) (?:would |will )?(?:\S+ )?(?:care|miss me"
            r"|notice) if i (?:died|die|was gone|were gone|disappeared|was dead)\b",
            r"\bhate (?:my life|being alive)\b",
            r"\bi can'?t (?:go on|take it) any ?more\b",
            r"\b(?:gonna|wanna|want to|might|imma|going to|i'?ll) kms\b",
            r"\b(?:nobody|no one|no-one) (?:wants|loves|likes|needs) me\b",
            r"\bi (?:should|could|want to|wish i could) (?:just )?(?:disappear|vanish|not be here)\b",
        ),
        rule(
            "eating",
            "disordered eating",
            r"\b(?:make|making) myself (?:throw up|vomit|sick|puke)\b",
            r"\bthrow up (?:my food|after (?:eating|meals|lunch|dinner))\b",
            r"\bpro[- ]?ana\b",
            r"\bthinspo\b",
            r"\bhow (?:\S+ ){1,3}(?:stop eating|not eat|without eating)\b.{0,30}\b(?:days?|weeks?|thin"
            r"|skinny|weight|pounds)\b",
            r"\blose \d+ (?:pounds|kilos|kg|lbs) in (?:a|one|\d) (?:days?|week)\b",
        ),
        rule(
            "abused",
            "being hurt by others",
            r"\bmy (?:\w+ )?(?:dad|father|mom|mum|mother|step\w+|uncle|aunt|brother|cousin|grandpa|teacher"
            r"|coach|boyfriend|girlfriend|parents) (?:\w+ )?(?:hits?|beats?|hurts?|abuses?|molests?|rapes?"
            r"|touche[sd]|hit|beat|raped|abused|molested|threatens?) me\b(?! (?:with a|at|in) (?:\w+ )?(?:ball"
            r"|\w+ball|pillow|chess|tennis|race|game))",
            r"\bi (?:was|am|'m|have been|got|keep getting|'ve been|am being|'m being)(?: being"
            r"| been)? (?:raped|molested|abused|sexually|assaulted|beaten|bullied)\b",
            r"\b(?:someone|somebody|he|she) (?:touches|touched|is touching) me\b(?: (?:down|there"
            r"|inappropriately|in|where|and)|$|[.?!,])",
        ),
        rule(
            "elsewhere",
            "the same in Spanish, French and German",
            r"\b(?:quiero|deseo) (?:morir|matarme|suicidarme)",
            r"\bme quiero (?:morir|matar)",
            r"\bno quiero vivir\b",
            r"\bje veux (?:mourir|me tuer)",
            r"\bich will (?:sterben|mich umbringen)",
        ),
    ),
)


VIOLENCE: Final = Category(
    code="unsafe_content",
    message=(
        "How to make or use something that hurts people is not explained here. The science behind it can be: ask, "
        "for example, why some reactions release energy so fast, or how nuclear fission works. "
        "If somebody is in danger, tell an adult you trust or call your emergency number."
    ),
    tight=(
        "abomb",
        "buildabomb",
        "makebombs",
        "pipebomb",
        "makeagun",
        "buildagun",
        "shootuptheschool",
        "killmyteacher",
        "killpeople",
    ),
    rules=(
        rule(
            "make_explosive",
            "making explosives; 'how does a bomb release energy' is asked for understanding",
            rf"\b{INTENT}\b (?:\S+ ){{0,4}}?{MAKE} {KINDS}(?<!bath )(?<!seed ){_EXPLOSIVE}\b",
            r"\b(?:recipe|ingredients|instructions|blueprints?|materials|schematics?|formula|steps) (?:for|of"
            rf"|to make|to build|to) (?:\S+ ){{0,2}}?{KINDS}{_EXPLOSIVE}\b",
            rf"\b(?:diy|home-?made) {KINDS}{_EXPLOSIVE}\b(?=.*\b(?:how|make|build|tutorial|instructions"
            r"|guide)\b)",
            rf"\bhow (?:is|are|to get) {KINDS}(?:pipe ?bombs?|bombs?|molotovs?|grenades?|explosives) (?:made"
            r"|built|assembled|constructed)\b",
            rf"^(?!{_PAST})(?:.*\b(?:to|and|i|you|for|by|best|about) )?(?:{MAKE}|making"
            rf"|building) {KINDS}(?<!bath )(?<!seed ){_EXPLOSIVE}\b",
        ),
        rule(
            "make_weapon",
            "making or getting weapons; 'why does a gun recoil' is physics",
            rf"\b{INTENT}\b (?:\S+ ){{0,4}}?{MAKE} {KINDS}{_WEAPON}\b",
            rf"\b(?:bring|sneak|smuggle) {KINDS}(?:gun|knife|weapon|pistol)s? (?:in)?to (?:\S+ )?(?:school"
            r"|class)\b",
            rf"\b3d[- ]?print(?:ed|ing)? {KINDS}{_WEAPON}\b",
            r"\b(?:turn(?:ed)?|made|make|convert(?:ed)?) (?:\S+ ){0,4}?into (?:a |an? \w+ )?(?:weapons?"
            r"|bombs?|guns?|explosives?)\b",
            rf"\bget (?:my|your|our|his) hands on {KINDS}(?:{_WEAPON}|{_EXPLOSIVE}|{_POISON})\b",
        ),
        rule(
            "make_poison",
            "making poisons and agents",
            rf"\b{INTENT}\b (?:\S+ ){{0,4}}?{MAKE} {KINDS}{_POISON}\b",
            rf"\b(?:recipe|ingredients|instructions|formula) (?:for|of|to make) {KINDS}{_POISON}\b",
            rf"\b(?:put|slip|give) {KINDS}(?:poison|rat poison|laxatives?|drugs) (?:in|into|to) (?:my|the|his"
            r"|her|someone|a)\b",
            r"\b(?:poison|drug|gas|chemical|substance|acid)s?\b.{0,60}\b(?:use|put|slip|throw) (?:it "
            r"|them )?(?:on|in|into|at) (?:someone|somebody|my|a person|people|him|her|his|the teacher)\b",
            r"\b(?:undetectable|untraceable|tasteless) (?:poison|gas|drug)s?\b",
            r"\bpoisons?\b.{0,40}\b(?:i need it for|for) (?:someone|somebody|my (?!project|class|homework)"
            r"|a person|him|her)",
        ),
        rule(
            "harm_people",
            "hurting people or animals",
            rf"\b{INTENT}\b (?:\S+ ){{0,3}}?(?:kill|murder|hurt|stab|shoot|poison|strangle|choke|attack|beat up"
            r"|assassinate|kidnap|torture|drown|electrocute|harm|rape|behead|bomb|blow up) (?:an?|my|the|some"
            rf"|his|her|all|every|this|that|these|those|our|other)?(?: ?\w+)? ?\b{_PERSON}\b(?! (?:with"
            r"|using) an? (?:\w+ )?(?:ball|snowball|water|nerf|camera))",
        ),
        rule(
            "attack_place",
            "attacks",
            r"\b(?:shoot up|blow up|bomb|burn down|attack|set fire to|vandali[sz]e) (?:my|the|a|our|this"
            r"|their) (?:\w+ )?(?:school|class(?:room)?|church|mosque|synagogue|house|mall|hospital|airport"
            r"|train|bus)\b",
            rf"\b{INTENT} (?:\S+ ){{0,3}}?(?:school shooting|massacre|terror(?:ist)? attack|mass shooting"
            r"|arson)\b",
            r"\bget away with (?:murder|killing)\b",
            r"\bhide a (?:dead )?body\b",
            r"\bjoin (?:isis|al[- ]?qaeda|a (?:gang|terrorist\w*)|the kkk)\b",
        ),
        rule(
            "elsewhere",
            "the same in Spanish, French and German",
            r"\b(?:como|c[oó]mo) (?:hacer|fabricar|construir) una? (?:bomba|explosivo|arma)\b",
            r"\bcomment (?:fabriquer|faire) une (?:bombe|arme)\b",
            r"\bbombe (?:bauen|basteln)\b",
        ),
    ),
)
