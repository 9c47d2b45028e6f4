"""Settings under which a view is not degraded at all."""

from cryoice.learn.pixel_degrade import Degrade

KINDS = ("rescale", "roughen", "clouds", "flatten", "rim", "blur", "noise", "squash", "levels")
STILL = {"slope": 0.0, "flatten": 1.0, "roughen": 1.0, "levels": 2} | {f"{kind}_share": 0.0 for kind in KINDS}
SETTINGS = dict.fromkeys(KINDS, 0.0) | STILL
"""As plain numbers."""
NOTHING = Degrade(**SETTINGS)
