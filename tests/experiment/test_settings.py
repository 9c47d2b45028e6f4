"""What a user typed is checked before anything is built, and the fault named by its key."""

import pytest
from omegaconf import OmegaConf

from cryoice.errors import InputError
from cryoice.experiment.limits import check_values
from cryoice.experiment.settings import check_targets, flatten, plain_settings
from training import compose_config


def settings(tmp_path, *overrides):
    return plain_settings(compose_config("data=cryoppp", "data.root=x", *overrides, run_dir=tmp_path))


def check_all(found):
    check_values(found)
    check_targets(found)


def check_settings(tmp_path, *overrides):
    check_all(settings(tmp_path, *overrides))


def test_settings_are_plain_data(tmp_path):
    found = settings(tmp_path)
    assert {type(value) for value in flatten(found).values()} <= {
        int,
        float,
        str,
        bool,
        list,
        dict,
        type(None),
    }
    assert found["data"]["patch"] == found["patch"] == 64


def test_the_defaults_pass(tmp_path):
    check_settings(tmp_path)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("optimizer.lr=abc", "optimizer.lr=abc: must be a number"),
        ("optimizer.weight_decay=abc", "optimizer.weight_decay=abc: must be a number"),
        ("model.depth=abc", "model.depth=abc: must be a number"),
        ("model.width=2.5", "model.width=2.5: must be a whole number"),
        ("model.dropout=true", "model.dropout=True: must be a number"),
        ("trainer.max_epochs=abc", "trainer.max_epochs=abc: must be"),
        ("trainer.max_epochs=0", "trainer.max_epochs=0: must be at least 1"),
        ("schedule.T_max=abc", "schedule.T_max=abc: must be"),
        ("loss.class_weights=3", "loss.class_weights=3: must be a list of numbers or null"),
        ("data.root=null", "data.root=None: must be text"),
        ("data.entries=10061", "data.entries=10061: must be a list or null"),
        ("data.pixel_sizes=1.5", "data.pixel_sizes=1.5: must be numbers by name or null"),
        ("data.split.by=pick", "data.split.by=pick: choose from micrograph, entry"),
        ("monitor.metric=val/f2", "monitor.metric=val/f2: choose from val/auroc"),
        ("task=words", "task=words: choose from patches, pixels"),
        ("monitor.metric=val/ap", "monitor.metric=val/ap: choose from val/auroc"),
        ("monitor.mode=most", "monitor.mode=most: choose from min, max"),
        ("channels.use=[fft]", r"channels.use=\['fft'\]: choose from"),
        ("channels.use=[]", r"channels.use=\[\]: choose from"),
        ("channels.spectrum.window=kaiser", "channels.spectrum.window=kaiser: choose from hann"),
        ("channels.spectrum.pixel_size=0", "channels.spectrum.pixel_size=0: must be at least"),
        ("batch_size=0", "batch_size=0: must be at least 1"),
        ("seed=-1", "seed=-1: must be at least 0"),
        ("seed=4294967296", "seed=4294967296: must be at most 4294967295"),
        ("pixel_size=0", "pixel_size=0.0: must be at least 0.01"),
        ("pixel_size=nan", "pixel_size=nan: must be finite"),
        ("pixel_size=inf", "pixel_size=inf: must be finite"),
        ("loss.class_weights=[1.0,inf]", r"loss.class_weights=\[1.0, inf\]: must be finite"),
        ("loss.class_weights=[a,b]", r"loss.class_weights=\['a', 'b'\]: must be a list of numbers or null"),
        ("loss.label_smoothing=3", "loss.label_smoothing=3: must be at most 1"),
        ("model.dropout=2", "model.dropout=2: must be at most 1"),
        ("model.width=0", "model.width=0: must be at least 1"),
        ("model.blocks=0", "model.blocks=0: must be at least 1"),
        ("model.depth=0", "model.depth=0: must be at least 1"),
        ("optimizer.lr=null", "optimizer.lr=None: must be a number"),
        ("optimizer.weight_decay=-1", "optimizer.weight_decay=-1: must be at least 0"),
        ("data.margin=-5", "data.margin=-5: must be at least 0"),
        ("data.split.train=abc", "data.split.train=abc: must be a number"),
        ("data.frame=mirrored", "data.frame=mirrored: choose from auto, cryoppp"),
        ("data.pixel_sizes={a: b}", "data.pixel_sizes={'a': 'b'}: must be numbers by name or null"),
        ("trainer.precision=foo", "trainer.precision=foo: must be 64, 32, 16"),
        ("trainer.accumulate_grad_batches=0", "trainer.accumulate_grad_batches=0: must be at least 1"),
        (
            "trainer.accumulate_grad_batches=1.5",
            "trainer.accumulate_grad_batches=1.5: must be a whole number",
        ),
        ("+trainer.strategy=fsdp", "trainer.strategy=fsdp: choose from ddp"),
        ("bootstrap=0", "bootstrap=0: must be at least 1"),
        ("+model.colour=red", "model.colour: ConvClassifier has no such setting; it has blocks"),
        ("model._target_=cryoice.learn.networks.Nothing", "model._target_=.*: no such class"),
    ],
)
def test_a_wrong_value_is_named_by_its_key(tmp_path, override, said):
    with pytest.raises(InputError, match=said):
        check_settings(tmp_path, override)


@pytest.mark.parametrize(
    "override", ["data.margin=null", "trainer.devices=[1]", "data.entries=[10061]", "data.pixel_sizes={1: 2}"]
)
def test_what_is_right_passes(tmp_path, override):
    check_settings(tmp_path, override)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("monitor.metric=val/f1", "monitor.metric=val/f1: choose from val/ap"),
        ("degrade.rescale=2", "degrade.rescale=2: must be at most 1"),
        ("degrade.levels=1", "degrade.levels=1: must be at least 2"),
        ("degrade.noise=abc", "degrade.noise=abc: must be a number"),
        ("loss.dice=-1", "loss.dice=-1: must be at least 0"),
        ("data.faintest=2", "data.faintest=2: must be at most 1"),
        ("model.dilations=2", "model.dilations=2: must be a list"),
        ("+data.root=x", "data.root: PixelDataModule has no such setting"),
    ],
)
def test_a_wrong_value_of_a_detector_is_named_by_its_key(tmp_path, override, said):
    found = plain_settings(compose_config("experiment=detector", override, run_dir=tmp_path))
    with pytest.raises(InputError, match=said):
        check_all(found)


def test_a_warm_up_leaves_epochs_to_train(tmp_path):
    short = ("data=cryoppp", "data.root=x", "loss=forward", "trainer.max_epochs=4")
    with pytest.raises(InputError, match=r"loss\.warm_up=4: must be less than trainer\.max_epochs=4"):
        check_all(plain_settings(compose_config(*short, run_dir=tmp_path)))
    told = ("loss.good_to_bad=0.4", "loss.bad_to_good=0.0")  # nothing to estimate
    check_all(plain_settings(compose_config(*short, *told, run_dir=tmp_path)))


@pytest.mark.parametrize(
    "more",
    [
        ("loss.warm_up=0",),
        ("+trainer.check_val_every_n_epoch=5", "trainer.max_epochs=20"),
        ("+trainer.limit_val_batches=0",),
    ],
)
def test_a_warm_up_without_a_validation_is_refused(more, tmp_path):
    given = ("data=cryoppp", "data.root=x", "loss=pu", "trainer.max_epochs=8", *more)
    with pytest.raises(InputError, match=r"loss\.warm_up=[04]: no validation falls into it"):
        check_all(plain_settings(compose_config(*given, run_dir=tmp_path)))


def test_a_list_without_noise_rates_is_told_as_it_is(tmp_path):
    rate = f"loss.good_to_bad=${{noise_rate:{tmp_path},good_to_bad}}"
    with pytest.raises(InputError, match=r"^/.*summary\.json: holds no good_to_bad; let `cryoice suspects"):
        plain_settings(compose_config("loss=forward", rate, run_dir=tmp_path))


def test_a_missing_value_is_named_by_its_key(tmp_path):
    with pytest.raises(InputError, match=r"data\.root: has no value; set data\.root="):
        plain_settings(compose_config("data=cryoppp", run_dir=tmp_path))


def test_an_interpolation_that_leads_nowhere_is_named(tmp_path):
    with pytest.raises(InputError, match="patch"):
        plain_settings(OmegaConf.create({"patch": "${nowhere}"}))
