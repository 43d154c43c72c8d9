"""How a long-lived process treats the memory of the code it has loaded."""

import gc

# New objects between two looks at them. A page or a chunk of contracts makes a hundred thousand,
# nearly all of which go by themselves; at Python's own 700 looking takes a third of a chunk's time.
YOUNG = 5_000


def settle() -> None:
    """All code is loaded now and stays: look for garbage among what comes after, and seldom.

    Looking through it again at each full collection would hold up every request of the process
    for a quarter of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
