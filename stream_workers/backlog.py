"""What a track has still to do, oldest first. Pure."""

from collections import deque
from collections.abc import Callable

from stream_workers.listening import Act, Look, Spoken, together


class Backlog:
    """Acts that wait, in media order; the first of them is next."""

    def __init__(self) -> None:
        self._acts: deque[Act] = deque()

    def __len__(self) -> int:
        return len(self._acts)

    @property
    def first(self) -> Act | None:
        """The next one."""
        return self._acts[0] if self._acts else None

    def add(self, act: Act) -> None:
        """Put ``act`` behind the others."""
        self._acts.append(act)

    def take(self) -> Act:
        """The next one, which waits no longer."""
        return self._acts.popleft()

    def give_back(self, act: Act) -> None:
        """Put ``act`` before the others again."""
        self._acts.appendleft(act)

    def drop_looks(self, needless: Callable[[Look], bool]) -> None:
        """Forget looks at the front that are ``needless``."""
        while isinstance(act := self.first, Look) and needless(act):
            self._acts.popleft()

    def join(self, longest: int) -> None:
        """Make one phrase of the first ones that follow each other, up to ``longest`` samples: one window is cheaper
        than two."""
        while len(self._acts) > 1:
            first, second = self._acts[0], self._acts[1]
            if isinstance(first, Spoken) and isinstance(second, Look):
                del self._acts[1]
            elif isinstance(first, Spoken) and isinstance(second, Spoken) and _fit(first, second, longest):
                self._acts.popleft()
                self._acts[0] = together(first, second)
            else:
                return


def _fit(first: Spoken, second: Spoken, longest: int) -> bool:
    whole = second.end - first.speech <= longest
    return whole and first.end == second.start and first.tape is second.tape
