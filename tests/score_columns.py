"""Columns for coordinate files, as ``cryoice clean`` gives them."""


def scored(score):
    """Return a score a particle as texts of four decimals."""
    return {"cryoiceScore": [f"{value:.4f}" for value in score]}
