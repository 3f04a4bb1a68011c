"""Evidence as people read it: the lines of one sentence together."""

from collections.abc import Iterable

from contracts.notes import Evidence


def sentences(evidence: Iterable[Evidence]) -> list[tuple[Evidence, ...]]:
    """The lines of ``evidence``, those of one sentence together."""
    found: list[tuple[Evidence, ...]] = []
    for line in evidence:
        if found and line.goes_on:
            found[-1] = (*found[-1], line)
        else:
            found.append((line,))
    return found


def quoted(evidence: Iterable[Evidence]) -> list[tuple[str, float]]:
    """What was said, sentence by sentence, and from which meeting second on: for people to read."""
    return [(" ".join(e.quote for e in lines), lines[0].start) for lines in sentences(evidence)]
