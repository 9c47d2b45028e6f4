"""Facts, never settings: ice spacings, class names, label values."""

ICE_IH_SPACINGS = (3.897, 3.669, 3.441, 2.671, 2.249, 2.072, 1.948, 1.918, 1.883, 1.721)
"""Powder-ring spacings of hexagonal ice in Å, strongest first three {100}, {002}, {101}.

Source: the ice-ring tables of macromolecular crystallography software (Phenix, CCP4); they follow
from the hexagonal cell a = 4.498 Å, c = 7.338 Å by 1/d² = 4(h² + hk + k²)/(3a²) + l²/c².
"""

ICE_BAND = (3.4, 3.95)
"""Resolution range in Å that holds the three innermost rings of hexagonal ice."""

CLASSES = ("clean", "crystalline", "contamination", "support", "other")
"""Pixel classes; a class's value in a mask is its index here."""

IGNORE = 255
"""Mask value of a pixel without a label."""

ARTIFACT = 254
"""Label of a pixel that is some artifact, nobody knows which; in labels to train on, never in masks."""

GOOD = 0
BAD = 1
"""Pick labels: a false positive (BAD) is the positive class everywhere."""

UNKNOWN = -1
"""True label of a pick whose truth nobody knows."""
