"""The one error tree.

    Fault
    ├── BadInput          what was sent cannot be accepted as it is
    ├── NotAllowed        known caller, no right to do this
    ├── NotSignedIn       no valid identity came with the request
    ├── NotFound          nothing by that id that the caller may see
    ├── Conflict          the thing is in a state that forbids this
    │   └── Fenced        a newer owner has written to the subject; stop writing at once
    ├── TooLarge          over a documented size limit
    ├── TooMany           over a documented rate or count limit
    ├── StorageFull       the disk or a stream budget is used up; nothing was stored
    ├── Unavailable       a part that is needed does not answer; try again later
    └── Misconfigured     a setting, file or model is missing or wrong; a person must act

Adapters translate foreign exceptions into this tree with ``raise … from``; cores never see them.
"""

from typing import ClassVar


class Fault(Exception):
    """Something went wrong that we can name.

    ``source`` names the part that failed (``bus``, ``llm``, ``client`` …), ``code`` is stable and
    machine readable (used as the problem type and in close reasons), ``retryable`` says whether the
    same call may succeed later without a change. ``detail`` never contains spoken words or names.
    """

    code: ClassVar[str] = "fault"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, source: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.source = source


class BadInput(Fault):
    """What was sent cannot be accepted as it is."""

    code = "bad-input"


class NotSignedIn(Fault):
    """No valid identity came with the request."""

    code = "not-signed-in"


class NotAllowed(Fault):
    """The caller is known and has no right to do this."""

    code = "not-allowed"


class NotFound(Fault):
    """Nothing by that id that the caller may see."""

    code = "not-found"


class Conflict(Fault):
    """The thing is in a state that forbids this."""

    code = "conflict"


class Fenced(Conflict):
    """A newer owner has written to the subject; the holder must stop writing at once."""

    code = "fenced"


class TooLarge(Fault):
    """Over a documented size limit."""

    code = "too-large"


class TooMany(Fault):
    """Over a documented rate or count limit."""

    code = "too-many"
    retryable = True


class StorageFull(Fault):
    """The disk or a stream budget is used up; nothing was stored."""

    code = "storage-full"
    retryable = True


class Unavailable(Fault):
    """A part that is needed does not answer."""

    code = "unavailable"
    retryable = True


class Misconfigured(Fault):
    """A setting, file or model is missing or wrong; a person must act."""

    code = "misconfigured"
