"""At the door: what must not be stored is dropped, hashed or renamed before anything is."""

from loaders.door.admission import ADMITTED, COLLISIONS, Guard, admit, make_guard
from loaders.door.settings import Door

__all__ = ["ADMITTED", "COLLISIONS", "Door", "Guard", "admit", "make_guard"]
