"""Breaking in, breaking the law, and handing in what is not one's own work."""

from typing import Final

from shared.questions.rules import INTENT, Category, rule

_TARGET = (
    r"(?:accounts?|portal|grade ?book|grading (?:system|software|portal|site)|grades?"
    r"|school(?:'s)? (?:\w+ )?(?:system|computers?|network|wi-?fi|server|website|database)|network|wi-?fi"
    r"|website|server|database|computers?|laptops?|phones?|e-?mails?|instagram|snapchat|facebook|tiktok"
    r"|discord|netflix|bank|atm|canvas|power ?school|google classroom|infinite campus|schoology|chromebook"
    r"|router|camera|webcam|car)"
)
_WORK = (
    r"(?:homework|home work|assignments?|essays?|lab reports?|term papers?|research papers?|papers?"
    r"|book reports?|projects?|worksheets?|coursework|problem sets?|college application|personal statement"
    r"|discussion posts?)"
)
_TEST = r"(?:tests?|exams?|quiz(?:zes)?|midterms?|finals?|assessments?|sat|act test|homework|assignments?|gcses?)"

HARMFUL: Final = Category(
    code="harmful_instructions",
    message=(
        "Breaking into systems, changing records or breaking the law is not explained here. If something about a "
        "grade or an account is wrong, your teacher or the school office can put it right. "
        "You can ask how a subject of your books works instead."
    ),
    tight=("hackinto", "hacktheschool", "stealpassword"),
    rules=(
        rule(
            "break_in",
            "entering systems; light 'breaks into' colours",
            rf"\bhack(?:ing|ed)? (?:\S+ ){{0,4}}?{_TARGET}\b",
            r"\bhack(?:ing)? (?:in)?to\b",
            r"\b(?:break|breaking|get|getting|sneak|log|logging) (?:in|into|in to|onto|through|around|past"
            r"|inside) (?:\S+ ){0,4}?(?:portal|grade ?book|accounts?|grading \w+|school(?:'s)? (?:system"
            r"|computer|network|server|database)|server|database|someone'?s|somebody'?s|my (?:ex|friend"
            r"|teacher|sister|brother|classmate)'?s|power ?school|canvas account|wi-?fi)\b",
            r"\b(?:get into|unlock|open|log ?in ?to|use|access|hack|enter"
            r"|break) (?:\S+ ){0,4}?(?:someone else'?s|somebody else'?s|another person'?s"
            r"|other people'?s) (?:\w+ )?(?:phone|iphone|account|laptop|computer|netflix|login|e-?mail"
            r"|wi-?fi)\b",
            r"\b(?:phone|iphone|laptop|account|computer|car|bike|house|locker)s?,? (?:that|which) (?:isn'?t"
            r"|is not|aren'?t|doesn'?t belong to|does not belong to) (?:mine|me|my own|ours)\b",
            r"\b(?:by|learn|start|try|do) hacking\b",
            r"\b(?:log|sign) ?in as (?:my|a|the|another|someone)\b",
            r"\b(?:break|get) into (?:an? |the |my |someone'?s |another )?(?:locked )?(?:\w+ )?(?:lockers?"
            r"|cars?|houses?|safes?|stores?|vending machines?|lab|classroom|office)\b(?! (?:pieces|parts|lane"
            r"|shape))",
            r"\bjam (?:the |my |a |our )?(?:\w+(?:'s)? )?(?:wi-?fi|signal|phones?|network|bluetooth)\b",
            r"\b(?:spoof|fake|trick|fool|hide from) (?:\S+ ){0,4}?(?:tracking app|life360|location sharing"
            r"|find my|gps location)\b",
            r"\b(?:fake|false|wrong) location\b",
        ),
        rule(
            "change_grade",
            "changing school records",
            r"\b(?:change|changing|edit|alter|modify|fake|forge|falsify|manipulate|tamper with|fix|raise"
            r"|improve|delete|erase|adjust|update) (?:\S+ ){0,4}?(?:grades?|marks?|gpa|attendance"
            r"|report card|transcript|records?)\b.{0,60}\b(?:portal|system|grade ?book|database|online"
            r"|power ?school|canvas|website|noticed|noticing|caught|knowing|detected|finding out|found out"
            r"|hack\w*)\b",
            r"\b(?:portal|grading system|grade ?book|database|power ?school|canvas)\b.{0,60}\b(?:change|edit"
            r"|alter|modify|raise|fix) (?:\S+ ){0,3}?(?:grades?|marks?|scores?|attendance)\b",
            r"\b(?:forge|fake|falsify) (?:\S+ ){0,3}?(?:signature|report card|transcript|doctor'?s? note"
            r"|note|grades?|sick note|diploma|attendance)\b",
            r"\b(?:change|turn|switch|edit) (?:my |an? |the |every )?(?:\"?[a-f][+-]?\"?) (?:in|to"
            r"|into) (?:\S+ ){0,3}?\"?[a-f][+-]?\"? (?:in|on|inside) (?:the |my |our )?(?:school|portal"
            r"|system|grade|teacher|computer|power)",
        ),
        rule(
            "passwords",
            "other people's passwords; how many passwords are possible is probability",
            r"\b(?:crack|steal|guess|find out|figure out|bypass|hack|get|reset|recover|phish"
            r"|brute[- ]?force) (?:\S+ ){0,2}?(?:someone|somebody|my|the|his|her|their|a|other|teacher"
            r"|school|people)(?:'?s|s')? (?:\S+ ){0,3}?(?:passwords?|passcodes?|pin code|login"
            r"|credentials)\b",
        ),
        rule(
            "malware",
            "malicious programs, and getting round a school's protection",
            rf"\b{INTENT}\b (?:\S+ ){{0,4}}?(?:make|write|create|build|install|send|spread|code|use|program|run"
            r"|get|download) (?:an?|the|some|my)? ?(?:\w+ )?(?:computer virus(?:es)?|malware|ransomware"
            r"|key ?loggers?|spyware|trojans?|botnets?|phishing \w+|worms? to|rootkits?|exploits?)\b",
            r"\bd?dos(?:ing)? (?:attack )?(?:my|the|a|an|our|on|this|someone)\b",
            r"\b(?:write|make|code|create|send|build) (?:me )?an? (?:\w+ )?(?:computer virus|virus program"
            r"|key ?logger|ransomware|malware)\b",
            r"\bddos\b",
            r"\b(?:bypass|get around|get past|turn off|disable|unblock|remove|beat"
            r"|evade) (?:\S+ ){0,3}?(?:firewall|web filter|content filter|filters?|goguardian|securly"
            r"|lock ?down browser|proctor\w*|turnitin|plagiarism \w+|ai detect\w*|parental controls?"
            r"|blocked (?:sites?|websites?))\b",
            r"\b(?:code|script|program|bot|app|software|tool|website)s? (?:\S+ ){0,3}?(?:steals?|crack(?:s"
            r"|ing)?|floods?|hacks?|spams?|takes? down|overloads?|crash(?:es)?|shuts? down"
            r"|knocks?) (?:\S+ ){0,3}?(?:passwords?|servers?|school|websites?|network|accounts?|computers?"
            r"|wi-?fi|emails?)\b",
            r"\bunblock (?:\w+ )?(?:youtube|games?|sites?|websites?|tiktok|discord|netflix|roblox|instagram)\b",
        ),
        rule(
            "crime",
            "theft and fraud; atoms steal electrons and runners steal bases",
            rf"\b{INTENT}\b (?:\S+ ){{0,3}}?(?:steal|shoplift|rob|pickpocket|counterfeit|launder|scam"
            r"|break into|pick (?:a|the|my) (?:\w+ )?lock|hot-?wire|commit (?:fraud|a crime|identity theft"
            r"|arson|tax)|blackmail|stalk|forge|smuggle|print (?:fake )?money|make (?:fake"
            r"|counterfeit) (?:money|bills)|clone a credit card|pirate (?:a|the|movies?|games?|software"
            r"|music))\b(?! (?:the show|electrons?|a base|second base|third base|home base|bases?))",
        ),
        rule(
            "undetected",
            "what somebody must not notice",
            r"\b(?:i|me|my|we|how to)\b.{0,100}\bwithout (?:being |getting |anyone |anybody |my (?:teachers?"
            r"|parents?|mom|dad|school) |the (?:teachers?|school) |them |him |her )+(?:\w+ )?(?:noticed|caught"
            r"|detected|found out|knowing|noticing|finding out|seeing|find out)\b",
        ),
    ),
)

DISHONESTY: Final = Category(
    code="academic_dishonesty",
    message=(
        "Work that you hand in, and tests, have to be your own, so this was not done for you. "
        "Ask about the idea behind the task, for example how to solve that kind of problem, and you will get a lesson "
        "that helps you do it yourself."
    ),
    tight=("domyhomework", "writemyessay"),
    rules=(
        rule(
            "do_my_work",
            "asking for work to hand in; 'help me with my homework' is a question to be asked back",
            r"\b(?:do|write|complete|finish|solve|make|answer|fill (?:out|in)) (?:all (?:of )?)?(?:my|our|this"
            rf"|the|these|an?) (?:\w+ ){{0,4}}?{_WORK}\b.{{0,60}}\b(?:for me|for us|so (?:that )?i (?:can"
            r"|don'?t|do not)|to (?:submit|hand in|turn in)|i(?:'ll| will) (?:submit|hand|turn)|due"
            r"|instead of me)\b",
            rf"\b(?:do|write|complete|finish) (?:all (?:of )?)?my (?:\w+ ){{0,3}}?{_WORK}\b",
            r"\bwrite (?:me )?an? (?:\w+ ){0,3}?(?:essay|lab report|term paper|research paper|book report"
            r"|paper)\b(?=.*\b(?:submit|hand in|turn in|my (?:class|teacher)|due|school|for me|words?"
            r"|pages?)\b)",
            r"\b(?:do|answer|complete|finish) (?:all )?(?:of )?(?:the|these|this|my"
            r"|them) (?:\w+ ){0,2}?(?:exam|test|quiz|worksheet|homework|assignment) (?:questions|problems)\b",
            rf"\b(?:here is|here's|this is|heres) my (?:\w+ )?{_WORK}\b.{{0,40}}\b(?:do|answer|complete|finish"
            r"|solve) (?:it|all|every|them|the questions)\b",
            r"\bwrite (?:me )?(?:an?|the|my|our) (?:\w+ ){0,3}?(?:essay|lab report|term paper|research paper"
            r"|book report)\b.{0,60}\b(?:for me|due|pages?|words|paragraphs?|tomorrow)\b",
            r"\b(?:hand|turn|pass|give) (?:it |this |them )?in as (?:mine|my own|if)\b",
            r"\b(?:that )?(?:looks?|seems?|sounds?) like i (?:did|wrote|made|had done|really)\b",
        ),
        rule(
            "cheat",
            "cheating oneself; how often others do is statistics, and a cheat sheet is notes",
            r"\b(?:how (?:to|do i|can i|could i|do you|do we|can we|would i|should i)|help me|ways? to|let me"
            r"|i (?:want|need|am going|plan) to|i wanna|tips (?:to|for|on)|best way to|show me how to"
            r"|teach me to) (?:\S+ ){0,2}?(?:cheat(?:ing)?|copy"
            r"|plagiari[sz]e)\b(?! ?sheet)(?= (?:\S+ ){0,4}?(?:on|in|during|at|from|without|my|the)\b"
            r"|[?.!]*$)",
            r"\bcheat(?:ing)? (?:on|in|during) (?:my|the|this|our|tomorrow'?s"
            rf"|today'?s) (?:\w+ ){{0,3}}?{_TEST}\b",
            r"\b(?:hide|sneak|bring|smuggle|use|look at) (?:my |some |the |a )?(?:\w+ )?(?:notes|phone"
            r"|ear ?buds|airpods|cheat sheet|answers|smart ?watch|crib) (?:\S+ ){0,3}?(?:in|into|during"
            r"|on) (?:an|the|my|our|a) (?:\w+ )?(?:exam|test|quiz|final)\b",
        ),
        rule(
            "answers_to_test",
            "the answers to a test that will be taken",
            r"\b(?:give|send|get|tell|show|find|need|want|leak|steal|share|have"
            r"|post) (?:\S+ ){0,3}?(?:answers?|answer key|solutions|questions) (?:\S+ ){0,2}?(?:to|for|of"
            r"|on|from) (?:\S+ ){0,4}?(?:tomorrow'?s|today'?s|my|our|the upcoming|next week'?s"
            rf"|the) (?:\w+ ){{0,4}}?{_TEST}\b",
            r"\banswer key\b",
            r"\b(?:steal|leak|see|get) (?:\S+ ){0,3}?(?:exam|test|quiz) (?:questions|answers|paper)\b",
            r"\btomorrow'?s (?:\w+ )?(?:test|exam|quiz) (?:questions|answers)\b",
            r"\bwhat (?:are|r|is|were) (?:all )?the (?:right |correct )?(?:answers?|solutions) (?:to|for|of"
            rf"|on) (?:\S+ ){{0,5}}?{_TEST}\b",
        ),
        rule(
            "stand_in",
            "somebody else in one's place",
            rf"\b(?:take|do|sit|pass|ace|complete) (?:my|this|the|our) (?:\w+ ){{0,3}}?{_TEST} (?:for me"
            r"|in my place|for us|instead of me)\b",
            r"\b(?:pay|hire|find) (?:\S+ )?(?:someone|somebody|you|a person) to (?:do|take|write|complete)\b",
            r"\b(?:rewrite|reword|paraphrase|change) (?:\S+ ){0,5}?so (?:\S+ ){0,5}?(?:plagiari\w+"
            r"|turnitin|detect\w*|teacher (?:doesn'?t|won'?t|will not|does not) (?:notice|know))\b",
            r"\b(?:solve|take|do|sit|write|answer) my (?:\w+ ){0,2}?(?:exam|test|quiz|midterm"
            r"|final)s?\b(?! (?:prep|review|question about))",
        ),
    ),
)
