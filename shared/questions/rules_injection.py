"""Instructions to the system in place of a question."""

from typing import Final

from shared.questions.rules import Category, rule

_ORDERS = (
    r"(?:ignore|stop|reveal|show|print|you|do not|don'?t|read|output|override|execute|run|new|send|delete|drop"
    r"|from now|approve|allow|accept|set|mark|skip|complete|begin|start|continue|act|respond|reply|say|forget"
    r"|disregard|enable|switch|give|list|the student|this user|grant)"
)
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|existing|original|initial|former|safety|system|your|my|these"
    r"|those)"
)
_RULES = (
    r"(?:instructions?|rules?|directions?|prompts?|guidelines?|commands?|messages?|context|filters?"
    r"|restrictions?)"
)
_OTHERS = (
    r"(?:other|another|all|every|any|each|different) (?:of the |the )?(?:students?|users?|pupils?|accounts?"
    r"|people)"
)

PROMPT_INJECTION: Final = Category(
    code="prompt_injection",
    message=(
        "Part of this text gives the system orders instead of asking about a subject, so no lesson was made. "
        "Ask what you want to learn, in your own words and without commands or tags, and you will get a lesson."
    ),
    tight=(
        "ignoreprevious",
        "ignoreallprevious",
        "ignoreall",
        "ignoreyourinstructions",
        "ignoretheinstructions",
        "previousinstructions",
        "disregardall",
        "systemprompt",
        "developermode",
        "jailbreak",
    ),
    rules=(
        rule(
            "role_tag",
            "tags that close the student's text or open another role",
            r"</? ?(?:request|system|user|assistant|developer|instructions?|prompt|query|question|student\w*"
            r"|context|data|admin|tool\w*|function\w*|script|message|s)\b[^<>]{0,40}/?>",
        ),
        rule(
            "chat_template",
            "markers of chat templates",
            r"<\|[a-z_ ]{2,30}\|>",
            r"\[/?(?:inst|sys|system|system message)\]",
            r"<<sys>>",
            r"#{2,} ?(?:instructions?|system|response|new task|human|assistant|user)\b",
        ),
        rule(
            "role_turn",
            "a turn of another role that gives an order; 'system: a ball and the Earth' is physics",
            r"(?:^|[>\]\n.!?;\"'`*#-] ?)(?:system|assistant|developer|admin(?:istrator)?|root|ai|chatbot"
            rf"|operator)(?: (?:message|prompt|note|override|update|alert))? ?:[ \"'*]*{_ORDERS}\b",
        ),
        rule(
            "ignore_rules",
            "the classic override; 'ignore air resistance' names no rules",
            r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|bypass|override|overrule|skip|neglect|violate|break"
            rf"|drop|cancel) (?:\S+ ){{0,3}}?{_EARLIER} (?:\S+ ){{0,2}}?{_RULES}\b",
        ),
        rule(
            "ignore_all",
            "the override without 'previous'",
            r"\b(?:ignore|disregard|forget|bypass|override) (?:all|any|every|everything)(?: of)?(?: the| your"
            rf"| my)? ?(?:{_RULES}\b|(?:that )?(?:i|you|we) (?:were|was|have been|had been|are|said|told|got)"
            r"|(?:said )?(?:above|before this|prior))",
            r"\b(?:ignore|disregard|forget) everything (?:and|then|else and|, )",
            r"\b(?:override|circumvent|bypass|disable) (?:your |the |all |any )?(?:safety|security"
            r"|restrictions?|safeguards?|moderation)\b",
        ),
        rule(
            "ignore_rules_elsewhere",
            "the same in Spanish, French and German",
            r"\b(?:ignora|olvida|omite)\w* (?:\S+ ){0,3}instrucciones\b",
            r"\bignore[zr]? (?:\S+ ){0,3}(?:consignes|instructions)\b",
            r"\b(?:ignorier\w*|vergiss) (?:\S+ ){0,3}(?:anweisungen|instruktionen|regeln)\b",
            r"\b(?:ignora|ignore|esque[cç]a|dimentica) (?:\S+ ){0,3}(?:istruzioni|instru[cç][oõ]es)",
        ),
        rule(
            "new_orders",
            "orders that replace ours",
            r"\b(?:new|updated|real|actual|following|secret|hidden) (?:system )?(?:instructions?|orders?"
            r"|directives?|prompt) ?(?::|are\b|is to\b|begin)",
            r"\bend of (?:the )?(?:prompt|instructions?|system (?:prompt|message))\b",
            r"\bfrom now on,? (?:you|ignore|act|answer|respond|reply)\b",
            r"\byour (?:new |only |real )?(?:task|job|role|goal) is (?:now )?to\b",
            r"\bend of (?:the )?(?:\w+ )?(?:input|message|question|request|text)\b ?[.:;!]",
            r"\b(?:admin|system|root|developer|security|safety) (?:override|command|access)\b",
            r"\b(?:new|real|actual|next|different) (?:task|order|job|command|prompt) ?: ?\w",
            r"\b(?:note|message|order|instruction|p\.?s\.?|memo|command)s? (?:to|for) (?:the |this )?(?:ai|llm"
            r"|language model|assistant|chatbot|bot|system|model|generator)\b",
            r"\byou (?:now )?have (?:been given )?a (?:new|different) (?:role|task|identity|job|purpose|name"
            r"|personality)\b",
            r"\b(?:begin|start|enter|open|activate) (?:an? |the )?(?:admin\w*|root|sudo|system|debug"
            r"|operator) (?:session|mode|console|shell|access)\b",
            r"^assistant ?:",
            r"\brepeat after me\b",
        ),
        rule(
            "other_self",
            "asking the system to be one without rules; 'pretend to be Newton' is a style",
            r"\byou are (?:now|no longer|not) (?:dan\b|an? (?:\S+ ){0,2}(?:ai|assistant|chatbot|bot|hacker"
            r"|admin\w*|terminal|model|human)\b|free|jail\w*|unrestricted|uncensored|bound|in (?:\S+ )?mode)",
            r"\b(?:act|behave|respond|answer|pretend|roleplay)(?: to be| as| like| that you are| you(?:'re"
            r"| are))+ (?:\S+ ){0,2}?(?:dan\b|unrestricted|uncensored|unfiltered|admin\w*|root"
            r"|developer mode|jailbroken|evil (?:ai|bot)|(?:a )?(?:linux )?terminal|no (?:rules|restrictions"
            r"|filters?))",
            r"\b(?:developer|debug|god|dan|admin|sudo|maintenance|jailbreak|unrestricted) mode\b",
            r"\bjailbr(?:eak|oken)\b",
            r"\bdo anything now\b",
            r"\bwithout (?:any )?(?:safety|content|moral) (?:filters?|rules|restrictions|guidelines)\b",
            r"\b(?:ai|assistant|chatbot|bot|language model)s? (?:without|with no|that has no|that ignores"
            r"|free of) (?:\w+ )?(?:restrictions?|rules|limits?|filters?|guidelines|censorship)\b",
        ),
        rule(
            "own_insides",
            "asking for the system's own instructions or secrets",
            r"\b(?:show|print|reveal|repeat|tell|give|display|output|leak|dump|expose|share|write|read|list"
            r"|what(?:'s| is| are)|summari[sz]e|translate|encode)\b (?:\S+ ){0,5}?(?:system prompt|(?:your"
            r"|the (?:system|server|hidden|secret)(?:'s)?) (?:\S+ )?(?:prompt|instructions?|rules|guidelines"
            r"|config\w*|settings|secrets?|password|source code|credentials|database|log ?files?|logs)\b"
            r"|(?:api|secret|access|private|encryption|signing) (?:keys?|tokens?)\b|env(?:ironment)? (?:vars?"
            r"|variables)\b|/etc/passwd|\.env\b)",
            r"\bsystem prompt\b",
            r"\b(?:text|words|everything|sentence|lines?) above this\b",
            r"\b(?:repeat|show|print|dump|reveal|output|tell)\b (?:\S+ ){0,4}?(?:context window|chat history"
            r"|conversation history|initial message|your (?:context|memory))\b",
            r"\b(?:instructions?|prompts?|orders) (?:that )?(?:you|u) (?:were|was|have been|are|got|received"
            r"|follow|have|had)\b",
            r"\b(?:what|everything|all) (?:that )?(?:were )?you (?:were |have been )?(?:told|given"
            r"|instructed)(?: \w+)? (?:before|above|earlier|by|to)\b",
            r"\b(?:database|db|admin|server|root) (?:\w+ )?(?:connection string|passwords?|credentials|url"
            r"|login|secrets?)\b",
        ),
        rule(
            "other_students",
            "what others asked or watched",
            r"\b(?:show|read|list|print|reveal|display|give|open|leak|dump|see|access|get|fetch|tell|export"
            rf"|send|look|watch|delete|cancel)\b (?:\S+ ){{0,4}}?{_OTHERS}'?s?'? (?:\S+ )?(?:requests?"
            r"|questions?|quer(?:y|ies)|videos?|lessons?|data|accounts?|records?|histor(?:y|ies)|files?"
            r"|passwords?|e-?mails?|names|emails)\b",
            r"\bwhat (?:did|do|does|has|have) (?:the |all |any )?(?:other |last |previous |next )?(?:students?"
            r"|users?|person|kids?|people)(?: before me| after me)? (?:before me |after me )?(?:ask|asked"
            r"|search|request|want to know)\w*\b(?! (?:about|for|in|when) (?:the|a|in) (?:survey|study"
            r"|experiment))",
            r"\b(?:show|read|list|print|reveal|display|open|leak|dump|export|send|delete|cancel"
            r"|give) (?:\S+ ){0,3}?(?:requests?|questions?|quer(?:y|ies)|videos?|lessons?|data|accounts?"
            rf"|records?) (?:of|from|by) (?:the )?{_OTHERS}\b",
            r"\b(?:stored|saved|private) (?:lessons|requests|videos|data|questions) (?:of|from|for) (?:user"
            r"|student|account|customer)",
            r"\b(?:user|student|account) (?:id )?#?\d+'?s? (?:requests?|lessons?|videos?|data|questions?"
            r"|history)\b",
        ),
        rule(
            "code",
            "code for a database, a page, a template or a shell",
            r"\b(?:drop|truncate|alter) table \w+",
            r"\bselect \* from \w",
            r"\bselect \w+(?: ?, ?\w+)* from \w+ ?(?:;|where \w+ ?(?:=|like)|limit \d|join\b)",
            r"\bunion (?:all )?select\b",
            r"\bdelete from \w+ ?(?:where|;|$)",
            r"\binsert into \w+ ?(?:\(|values)",
            r"' ?or ?'?1'? ?= ?'?1",
            r"<(?:script|img|iframe|svg|object)\b",
            r"javascript:",
            r"\bon(?:error|load|click) ?=",
            r"\{\{ ?[a-z_][\w.]*[^}]{0,60}\}\}",
            r"\$\{ ?(?:jndi|env|sys|process)\b",
            r"\$\(\s*(?:curl|wget|cat|rm)\b",
            r"\brm -rf\b",
            r"\.\./\.\./",
            r"\b(?:os\.system|subprocess|eval|exec|__import__) ?\(",
            r"\bset \w+ ?= ?'?\w+'? where \w*id ?=",
        ),
        rule(
            "decode_and_obey",
            "orders in a code of their own",
            r"\b(?:decode|decrypt|translate|unscramble|base64|rot13)\b.{0,60}\b(?:and"
            r"|then) (?:\S+ )?(?:follow|obey|execute|run|do|carry out|comply)\b",
        ),
        rule(
            "tool_use",
            "orders to the pipeline itself",
            r"\b(?:call|invoke|execute|(?:use|run) your) (?:the |your |a )?(?:\w+ )?(?:function|tool|api"
            r"|command|shell|sql|code interpreter|browser)s?\b (?:to|and|with)\b",
            r"\b(?:mark|set|change) (?:this|the|my) request (?:as|to|status)\b",
            r"\b(?:skip|disable|turn off|bypass|switch off) (?:the |all |your |any )?(?:\w+ )?(?:safety"
            r"|validation|moderation|content|grounding|security)(?: \w+)? ?(?:checks?|filters?|rules?"
            r"|systems?)\b",
        ),
    ),
)
