"""Who owes it: read from the form of the sentence, never guessed by a model.

A promise makes its speaker the owner; a request makes an owner only of somebody who is named or who accepts it;
a statement about a third person makes that person the owner when they are known or a role is named. Else nobody.
"""

import re

from analyzer.units import Unit

_SELF = re.compile(
    r"\b(?:i['’]?ll|i will|i['’]?m going to|i am going to|i['’]?m gonna|i can (?!['’]?t)"
    r"|i could (?:do|take|write|send|ask)"
    r"|let me|i['’]?d be happy to|i (?:have|need|want|ought) to|i['’]?ve got to|i should"
    r"|leave (?:it|that) (?:to|with) me"
    r"|i promise|i volunteer|that['’]?s (?:on )?me|mine to)\b",
    re.I,
)
_REQUEST = re.compile(
    r"\b(?:(?:can|could|would|will) (?:you|one of you|somebody|someone)|would you mind|please|"
    r"i(?:['’]?d| would) like you to|i need you to|you (?:need|have|should|ought|are going|will|could)"
    r"|you['’]?(?:ll|re going to|re gonna)|do you (?:want|mind))\b",
    re.I,
)
ACCEPTANCE = re.compile(
    r"^\W*(?:(?:um|uh|oh|well|yeah|so)\W+)*(?:yes|yeah|yep|yup|sure|of course|ok|okay|alright|all right|will do|"
    r"no problem|"
    r"absolutely|certainly|definitely|fine|i will|i['’]?ll|i can|happy to|gladly|consider it done|"
    r"on it|got it|right)\b",
    re.I,
)
_REFUSE = re.compile(
    r"\b(?:no(?! problem| worries)[,. ]|nope|can['’]?t|cannot|won['’]?t|sorry|i['’]?d rather not|not able"
    r"|rather not|afraid|unfortunately|"
    r"no time|too busy|swamped|impossible|ask (?:somebody|someone) else)",
    re.I,
)
_WILL = (
    r"(?:\s+(?:here|over here|there))?(?:['’]ll|\s+(?:will|is going to|are going to|is gonna|should|shall|can|has to"
    r"|needs to|takes|owns|handles|does|sends|writes|calls))\b"
)
_ROLE = re.compile(
    r"\b(?:the\s+)?((?:(?!The\b)[A-Z][a-z]+|user|project|product|industrial|marketing|account|sales|office|team"
    r"|interface)"
    r"(?:\s+(?:[A-Z][a-z]+|interface|manager|designer|expert|lead|engineer|director|assistant|specialist"
    r"|officer)){1,2})" + _WILL
)
ACCEPT_WITHIN = 3


def accepted_by(units: list[Unit], row: int) -> str | None:
    """Who accepted what unit ``row`` asks for, within the next units; None when nobody did or somebody refused."""
    asker = units[row].speaker
    for unit in units[row + 1 : row + 1 + ACCEPT_WITHIN]:
        if unit.speaker == asker or unit.speaker is None:
            continue
        if _REFUSE.search(unit.text):
            return None
        if ACCEPTANCE.search(unit.text):
            return unit.speaker
    return None


def refused(units: list[Unit], row: int) -> bool:
    """Whether the next other speaker plainly refuses what unit ``row`` asks for."""
    asker = units[row].speaker
    for unit in units[row + 1 : row + 1 + ACCEPT_WITHIN]:
        if unit.speaker != asker and _REFUSE.search(unit.text):
            return not ACCEPTANCE.search(unit.text)
    return False


def owner_of(units: list[Unit], row: int, people: list[str]) -> str | None:
    """The owner of the action that unit ``row`` speaks of, or None when the words do not say it for sure."""
    unit = units[row]
    request, promise = _REQUEST.search(unit.text), _SELF.search(unit.text)
    named = _named(unit.text, people)
    # "I'll ask Tom to call" binds the one who speaks; "Tom will call, I'll be away" binds Tom.
    own = promise and not (request and request.start() < promise.start())
    if promise and own and not (named and _subject(unit.text[: promise.start()], named)):
        return unit.speaker
    if named and (_subject(unit.text, named) or request):
        return None if refused(units, row) else named
    role = _ROLE.search(unit.text)
    if role:
        return role.group(1)
    return accepted_by(units, row) if request else None


def _named(text: str, people: list[str]) -> str | None:
    """The one person whose (first) name stands in ``text``; None when there are several or none."""
    found = [p for p in people if any(re.search(rf"\b{re.escape(n)}\b", text) for n in (p, p.split()[0]) if len(n) > 2)]
    return found[0] if len(found) == 1 else None


def _subject(text: str, name: str) -> bool:
    """Whether ``name`` is the one who does it in ``text``."""
    return any(re.search(rf"\b{re.escape(n)}{_WILL}", text) for n in (name, name.split()[0]))
