"""The colours of the classes, wherever they are drawn."""

from cryoice.constants import IGNORE

CLASS_COLOURS = {1: "#56B4E9", 2: "#E69F00", 3: "#009E73", 4: "#CC79A7", IGNORE: "#F0E442"}
"""Sky blue, orange, bluish green, reddish purple and yellow of Okabe & Ito: told apart with every kind of
colour blindness, and on grey; clean film has none."""
