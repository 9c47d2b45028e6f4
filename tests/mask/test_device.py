import pytest
import torch

from cryoice.mask import device
from cryoice.mask.device import quick_precision
from cryoice.schema import register


@pytest.mark.parametrize(
    ("accelerator", "processor", "gpu", "expected"),
    [
        ("auto", False, None, "32-true"),
        ("auto", True, None, "bf16-mixed"),
        ("cpu", False, True, "32-true"),
        ("auto", False, True, "bf16-mixed"),
        ("gpu", True, False, "32-true"),
    ],
)
def test_bfloat16_is_for_hardware_that_has_it(accelerator, processor, gpu, expected, monkeypatch):
    monkeypatch.setattr(device, "_multiplies_bfloat16", lambda: processor)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu is not None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: gpu)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert quick_precision(accelerator) == expected


def test_presets_ask_for_it_when_a_run_is_built(monkeypatch, tmp_path):
    from cryoice.experiment.settings import plain_settings
    from training import compose_config

    register()
    for has, expected in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(device, "_multiplies_bfloat16", lambda has=has: has)
        config = compose_config("experiment=detector", "trainer.accelerator=cpu", run_dir=tmp_path)
        assert plain_settings(config)["trainer"]["precision"] == expected
