import numpy as np
from benchmarks.labelled.baselines import DARK
from benchmarks.labelled.data import LabelledMicrograph
from benchmarks.labelled.scoring import scored
from benchmarks.labelled.tally import ANY

from cryoice.constants import CLASSES, IGNORE
from cryoice.files.picture import read_picture
from cryoice.mask.model import load_model
from cryoice.mask.regions import RegionSettings


def test_networks_are_scored_on_the_same_micrographs_and_the_first_is_drawn(tmp_path):
    label = np.zeros((64, 72), dtype=np.uint8)
    label[:, 40:] = 2
    array = np.random.default_rng(0).normal(size=label.shape).astype(np.float32)
    both = [
        LabelledMicrograph("a (doubtful)", name, array, shown, 8.0, spectrum=False)
        for name, shown in (("m", label), ("unlabelled", np.full_like(label, IGNORE)))
    ]
    models = [load_model(device="cpu")] * 2
    runs = scored(both, models, RegionSettings(), compare=True, overlays=tmp_path)
    assert [[one.name for one in run] for run in runs] == [["m"], ["m"]]
    assert (runs[0][0].confusion == runs[1][0].confusion).all()
    assert runs[0][0].confusion.sum(axis=1)[[0, 2]].tolist() == [40 / 72, 32 / 72]
    assert {ANY, DARK, *CLASSES[1:]} <= set(runs[1][0].histograms)
    assert read_picture(tmp_path / "a-(doubtful)" / "m.png").std() > 0
    ((alone,),) = scored(both, models[:1], RegionSettings(), compare=False, overlays=None)
    assert set(alone.histograms) == {ANY, *CLASSES[1:]}
