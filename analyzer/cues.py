"""Forms of speech: a sentence without its topic, as the detector's word features.

Words that carry a commitment, a decision or a question stay; all others become a mark. So a head that is
trained on meetings about one thing has little to learn from that thing.
"""

import re
from functools import lru_cache

_KEPT = frozenset(
    """
i you he she we they it me him her us them my your his our their this that these those who whom which what when
where why how someone somebody anyone anybody everyone everybody nobody one both all each other others guys team
will would shall should can could may might must need needs needed want wants wanted have has had having is are was
were be been being am do does did done don't doesn't didn't won't wouldn't can't couldn't shouldn't cannot isn't
wasn't aren't haven't hasn't hadn't ain't i'll you'll we'll he'll she'll they'll it'll that'll i'd you'd we'd he'd
she'd they'd i'm you're we're he's she's they're it's that's let's there's what's i've you've we've they've gonna
gotta wanna going go got get getting to ought supposed able about not no never nothing none neither nor yes yeah yep
yup sure okay ok right fine alright absolutely definitely exactly agreed agree agrees agreement great good perfect
cool deal thanks thank please sorry well so then now actually really maybe perhaps probably possibly just only also
still yet already again too either else if unless whether because since until till before after during while once
when whenever though although but and or as than like instead rather except otherwise anyway however in on at by for
from of with without into onto over under out up down off back through between against around per via the a an some
any every many much more most less least few lot lots bit next last first second third today tonight tomorrow
yesterday morning afternoon evening noon midnight week weeks weekend month months quarter year years day days hour
hours minute minutes monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december soon later ago early end eod asap deadline due time meeting call email
mail send sends sent sending check checks checked checking write writes wrote writing call calls called calling book
booked prepare prepares prepared preparing ask asks asked asking look looks looking looked find finds found finding
talk talks talked speak talking make makes made making take takes took taking taken give gives gave giving given
share shares shared sharing update updates updated fix fixes fixed order orders ordered review reviews reviewed set
sets put puts schedule scheduled arrange arranged organise organize draft drafts drafted finish finished complete
follow follows followed report reports circulate collect contact confirm confirmed remind bring brings brought add
added remove removed test tests tested run runs ran try tries tried trying start started stop stopped keep keeps
kept leave leaves left move moves moved change changed work works worked working handle handles own owner owns
responsible volunteer happy job task tasks action actions item items todo assign assigned promise promised let lets
know tell tells told say says said saying think thinks thought thinking guess suppose believe feel hope wish wonder
wondering mean means see seen saw seems seem decide decided decides decision decisions settle settled choose chose
chosen choice pick picked option options go with went gone stick vote voted approve approved approval drop dropped
cancel cancelled postpone postponed final finally conclusion conclude plan plans planned proposal propose proposed
suggest suggested suggestion recommend idea question questions wondering issue issues problem problems risk risks
risky worry worried worries concern concerned concerns danger afraid blocker blocked late delay delayed delays fail
fails failed break breaks broken lose lost might hypothetically suppose imagine theory would've could've should've
joke joking kidding haha funny seriously remember forget forgot forgotten answer answers answered figure sort
somehow anything something everything thing things stuff way point yourself myself ourselves themselves himself
herself here there alone together later sign signed pay paid buy bought hire hired launch ship release deliver
delivered reply respond meet met discuss discussed discussing consider considered
""".split()  # noqa: SIM905  # a paragraph is easier to keep than a list of 500 strings
)
_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)*|\d+|\?", re.I)
_FILLERS = frozenset(["um", "uh", "er", "hmm", "mm", "mm-hmm", "ah", "oh", "erm", "eh"])
MAX_TOKENS = 48


def tokens(text: str) -> list[str]:
    """``text`` without its topic: kept words, and marks for names, numbers and all other words."""
    found: list[str] = []
    for match in _TOKEN.finditer(text.replace("’", "'")):
        word = match.group()
        lower = word.lower()
        if lower in _FILLERS or (found and found[-1] == lower):
            continue
        if lower in _KEPT or lower == "?":
            found.append(lower)
        elif lower.isdigit():
            found.append("<n>")
        elif word[0].isupper() and len(word) > 1 and found:
            found.append("<name>")
        else:
            found.append(_mark(lower))
    return found[:MAX_TOKENS]


def _mark(word: str) -> str:
    for suffix in ("ing", "ed", "ly"):
        if word.endswith(suffix) and len(word) > len(suffix) + 2:
            return f"<{suffix}>"
    return "<w>"


def grams(text: str, prefix: str = "", longest: int = 3) -> list[str]:
    """Word n-grams of ``text`` without its topic, each once, with the sentence's edges marked."""
    return [prefix + gram for gram in _grams(text, longest)]


@lru_cache(4096)
def _grams(text: str, longest: int) -> tuple[str, ...]:
    padded = ["^", *tokens(text), "$"]
    found = {" ".join(padded[i : i + n]) for n in range(1, longest + 1) for i in range(len(padded) - n + 1)}
    return tuple(sorted(found - {"^", "$"}))


_DEED = (
    r"(?:send|write|call|phone|ring|ask|check|find|prepare|book|order|talk|speak|bring|fix|get|put|look|update|share|"
    r"mail|e-?mail|draft|make|set|arrange|tell|let|take|do|handle|clean|move|build|buy|pay|print|sign|test|try|run|"
    r"rewrite|reserve|apply|organi[sz]e|pack|pick|drive|go|see|show|report|review|finish|start|change|add|clear|"
    r"contact|inform|invite|remind|confirm|drop|order|rent|schedule|sort|switch|transfer|work|post|upload|type)"
)
_DUE = (
    r"\b(?:today|tonight|tomorrow|this (?:morning|afternoon|evening|week|weekend|month|sprint)|next (?:week"
    r"|month|time)|"
    r"(?:by|on|before|until|over|at|for) (?:the )?(?:end of|noon|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|"
    r"weekend|week|month|lunch|next|then|that|tomorrow|january|february|march|april|june|july|august|september|october|"
    r"november|december|\w+teenth|\w+th|one|two|three|four|five|six|ten)|after (?:this|the|lunch)|right away|asap|"
    r"first thing|later|soon|once)\b"
)
_PROMISE = (
    r"\b(?:i'll|i will|i'm going to|i'm gonna|let me|i can|i could|i'd|i take|i'm [a-z]+ing|i have to|i need to)\b"
)
_FLAGS = {
    "promise": _PROMISE,
    "deed": rf"\b(?:i'll|i will|i'm going to|i'm gonna|let me|i can)\s+(?:\w+ly |also |just |then |try to "
    rf"|try and )*{_DEED}\b",
    "due": _DUE,
    "request": rf"\b(?:can|could|would|will) (?:you|one of you|somebody|someone)\b|\bplease\b|^{_DEED}\b",
    "you": r"\byou(?:'ll| will|'re going to|'re gonna| have to| need to| should|'re [a-z]+ing)\b",
    "third": r"\b[A-Z][a-z]+ (?:will|is going to|takes?|does|gets?|sends?|writes?|prepares?|said (?:he|she)'d)\b",
    "show": r"\b(?:i'll|i will|i'm gonna|i'm going to|let me|i can)\s+(?:just |now |first |quickly )*"
    r"(?:show|start|go (?:first|through|over|on|back)|explain|give you|skip|come (?:back|to)|say|be|see|read|open)\b",
    "intro": r"\b(?:i'm|i am|my name is|my name's|this is)\s+(?:[A-Z]|the |a |an |our |user |supposed)",
    "past": r"\b(?:i|we|he|she|they|it) (?:already |just |also )?(?:was|were|did|had|\w+ed|sent|told|wrote|put"
    r"|got|went|took"
    r"|found|made|bought|spoke|said|thought)\b|\b(?:i've|we've|he's|she's|they've) (?:already |just "
    r"|also )?\w+(?:ed|nt|ne|en)\b",
    "hypo": r"\bif (?:i|we|you|he|she|they)\b|\b(?:would|could|should|might) have\b|\bi'd have\b|\bone day\b"
    r"|\bwhat if\b"
    r"|\bsuppos|\bimagine\b|\bif i (?:were|was|had|become|won)\b",
    "joke": r"\bha+(?: ha+)*\b|\bjok|\bkidding\b|\bmoon\b|\bmillion(?:aire)?\b|\blottery\b|\bkill\b|\bisland\b",
    "decline": r"\b(?:i can't|i cannot|i couldn't|i won't|i'd rather not|i don't (?:have|want)|i really can't"
    r"|i'm afraid)\b"
    r"|^(?:no|sorry|nope)\b",
    "decide": r"\b(?:then|so) (?:we|it|that|there|the|let's|you)\b|\bit is\b[.!]?$|\b(?:agreed|decided|settled"
    r"|approved)\b"
    r"|\bwe(?:'ll| will)? (?:go|take|keep|stop|drop|move|stay|stick|wait|don't|start|pause|make|have|order|use|rent)\b"
    r"|\bfrom now on\b|\bfor now\b|\bno more\b|\bthen that's\b|\blet's (?:do|go|take|keep|not|make|try|leave"
    r"|say|have)\b",
    "vote": r"\b(?:in favou?r|against|motion|vote|propose|objections?|unanimous)\b",
    "opinion": r"\b(?:i think|i guess|i'd say|maybe|perhaps|probably|i would|i prefer|i like|what about|how about)\b",
    "unknown": r"\b(?:don't know|doesn't know|no idea|not sure|nobody knows|can't (?:tell|say)|unclear|no clue"
    r"|don't have an"
    r" answer|whether|haven't (?:decided|heard|asked|told|answered)|hasn't|wonder|never answered|good question)\b",
    "asks": r"\?$",
    "wh": r"^(?:\w+ ){0,2}(?:who|what|when|where|why|how|which|does|do|is|are|can|will)\b.*\?$",
    "danger": r"\b(?:if|unless|otherwise|without)\b.*\b(?:lose|lost|fail|break|can't|won't|no|gone|fine|down"
    r"|trouble|fall|ruin"
    r"|spoil|burn|miss|late|nobody|worse|fire|sick|harm)\b",
    "threat": r"\b(?:risk|risky|danger|dangerous|afraid|worr(?:y|ied|ies)|fear|could (?:fail|break|fall|fill"
    r"|go wrong|hit|come|get)"
    r"|might (?:fail|break|fall|come|leave|be)|too late|run out|runs out|tight|fills? up|depends on)\b",
}
_COMPILED = tuple(
    (name, re.compile(pattern, 0 if name in ("third", "intro") else re.I)) for name, pattern in _FLAGS.items()
)
_PAIRS = (
    ("deed", "due"), ("promise", "due"), ("request", "due"), ("third", "due"), ("you", "due"), ("deed", "hypo"),
    ("promise", "joke"), ("deed", "joke"), ("decide", "opinion"), ("decide", "asks"), ("unknown", "asks"),
    ("past", "promise"), ("request", "asks"), ("deed", "past"),
)  # fmt: skip


def flags(text: str) -> list[str]:
    """Names of the speech acts that ``text`` looks like, singly and in telling pairs."""
    return list(_flags(text))


@lru_cache(4096)  # a sentence is looked at as itself and as a neighbour, in passes that overlap
def _flags(text: str) -> tuple[str, ...]:
    plain = text.replace("’", "'")
    found = {name for name, pattern in _COMPILED if pattern.search(plain)}
    pairs = [f"cue:{a}+{b}" for a, b in _PAIRS if a in found and b in found]
    return (*(f"cue:{name}" for name in sorted(found)), *pairs)
