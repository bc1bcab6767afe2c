"""Questions to a graph of steps, given as each step's needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["find_cycle", "find_way", "layers_of", "sort_steps", "steps_before"]

Needs = Mapping[str, Sequence[str]]


def find_cycle(needs: Needs) -> tuple[str, ...] | None:
    """Return a cycle in the direction of the data, its first step repeated at the end, or None."""
    left = dict(needs)
    while ready := [name for name, its in left.items() if not any(need in left for need in its)]:
        for name in ready:
            del left[name]
    if not left:
        return None
    # Every step that is left needs one that is left: following the needs must come round.
    trail = [next(iter(left))]
    while (need := next(need for need in needs[trail[-1]] if need in left)) not in trail:
        trail.append(need)
    circle = trail[trail.index(need) :][::-1]
    start = min(range(len(circle)), key=lambda place: list(needs).index(circle[place]))
    return (*circle[start:], *circle[:start], circle[start])


def sort_steps(needs: Needs) -> tuple[str, ...]:
    """Return the steps so that each comes after its needs, else in the order given."""
    order: list[str] = []
    left = list(needs)
    while left:
        name = next(name for name in left if all(need in order for need in needs[name]))
        order.append(name)
        left.remove(name)
    return tuple(order)


def layers_of(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """Return the steps in layers: those of one layer can run at the same time."""
    depths: dict[str, int] = {}
    for name in sort_steps(needs):
        depths[name] = 1 + max((depths[need] for need in needs[name]), default=-1)
    return tuple(
        tuple(name for name in needs if depths[name] == depth)
        for depth in range(max(depths.values(), default=-1) + 1)
    )


def steps_before(needs: Needs, name: str) -> frozenset[str]:
    """Return every step whose output the named one stands on, directly or not."""
    before: set[str] = set()
    waiting = list(needs[name])
    while waiting:
        need = waiting.pop()
        if need not in before:
            before.add(need)
            waiting.extend(needs[need])
    return frozenset(before)


def find_way(needs: Needs, *, to: str, around: str) -> tuple[str, ...] | None:
    """Return a shortest way from a first step to this one that does not touch `around`, or None."""
    ways: list[tuple[str, ...]] = [(to,)] if to != around else []
    seen = {to}
    for way in ways:
        if not needs[way[0]]:
            return way
        for need in needs[way[0]]:
            if need != around and need not in seen:
                seen.add(need)
                ways.append((need, *way))
    return None
