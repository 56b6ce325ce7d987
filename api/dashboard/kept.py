"""What was made for the last few questions, for as long as the mark of the database stays the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Place(Generic[T]):
    """What is kept under a key, or is being made by the one who holds the lock."""

    made: T | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Kept(Generic[T]):
    """The last `most` answers by key, the oldest goes first. Of those who ask at the same time the first makes, the others wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, _Place[T]] = OrderedDict()
        self._one = threading.Lock()

    def get(self, key: Sequence[Hashable] | None, make: Callable[[], T]) -> T:
        """As kept under a key, else made anew; without a key nothing is kept. What fails is tried again the next time."""
        if key is None:
            return make()
        with self._one:
            place = self._held.setdefault(tuple(key), _Place())
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        with place.lock:
            if place.made is None:
                place.made = make()
            return place.made
