"""Which open items come to exactly a sum: only an answer that is the only one, and never more work than is bounded."""

from __future__ import annotations

from collections.abc import Sequence

NODES = 20_000
MOST_ITEMS = 40


def only_subset(amounts: Sequence[int], wanted: int, *, nodes: int = NODES) -> tuple[tuple[int, ...] | None, int]:
    """The places of the only subset with this sum, and how many sums were looked at.

    None where there is none, more than one, or where the search would have grown too large to know. Amounts are
    whole cents above zero.
    """
    order = sorted(range(len(amounts)), key=lambda place: -amounts[place])
    if len(order) > MOST_ITEMS:
        return None, nodes
    sorted_amounts = [amounts[place] for place in order]
    rest = [0] * (len(order) + 1)
    for place in range(len(order) - 1, -1, -1):
        rest[place] = rest[place + 1] + sorted_amounts[place]
    found: list[tuple[int, ...]] = []
    looked = 0

    def search(place: int, left: int, chosen: tuple[int, ...]) -> bool:
        """Whether to go on."""
        nonlocal looked
        looked += 1
        if looked > nodes:
            return False
        if left == 0:
            found.append(chosen)
            return len(found) < 2
        if place == len(order) or rest[place] < left:
            return True
        if sorted_amounts[place] <= left and not search(
            place + 1, left - sorted_amounts[place], (*chosen, order[place])
        ):
            return False
        return search(place + 1, left, chosen)

    finished = search(0, wanted, ())
    return (tuple(sorted(found[0])) if finished and len(found) == 1 else None), looked
