"""The LightningModule of per-pixel networks: crops, network, loss, metrics."""

from typing import Any

import pytorch_lightning as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import BinaryAUROC, BinaryAveragePrecision, MulticlassJaccardIndex

from cryoice.constants import ARTIFACT, IGNORE
from cryoice.errors import InputError
from cryoice.learn.building import build, build_pixel_network
from cryoice.learn.pixel_augment import cut_crops, turned
from cryoice.learn.pixel_degrade import Degrade, degraded, roughened
from cryoice.learn.share import Share, seed_step

Batch = dict[str, Tensor]

STRIDE = 4
"""Ranks are measured on every fourth row and column: neighbouring pixels tell the same."""

THRESHOLDS = 512
"""Probabilities at which AUROC and average precision are measured, in constant memory."""


class Segmenter(pl.LightningModule):
    """Tells the class of every pixel of a micrograph's view.

    Every argument is plain data, so that a checkpoint loads weights-only: ``model``, ``optimizer``,
    ``schedule`` and ``loss`` name their class in ``_target_``; ``augment`` as for `PatchClassifier`,
    ``degrade`` the values of `Degrade`; ``classes`` in the order of the logits; ``patch`` is the side
    of the training's crops in px of views at ``pixel_size`` Å/px.
    """

    def __init__(
        self,
        *,
        model: dict[str, Any],
        classes: list[str],
        augment: dict[str, Any],
        degrade: dict[str, Any],
        optimizer: dict[str, Any],
        schedule: dict[str, Any],
        loss: dict[str, Any],
        patch: int,
        pixel_size: float,
        seed: int,
        channels_last: bool,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net: nn.Module = build_pixel_network(model, classes=len(classes))
        if channels_last:
            self.net = self.net.to(memory_format=torch.channels_last)
        self.loss: nn.Module = build(loss)
        self.degrade = Degrade(**degrade)
        self.ranks, self.overlaps = nn.ModuleDict(), nn.ModuleDict()
        for split in ("val", "test"):
            ranked: dict[str, Metric | MetricCollection] = {
                "auroc": BinaryAUROC(thresholds=THRESHOLDS),
                "ap": BinaryAveragePrecision(thresholds=THRESHOLDS),
            }
            self.ranks[split] = MetricCollection(ranked, prefix=f"{split}/")
            self.overlaps[split] = MulticlassJaccardIndex(len(classes), average=None, ignore_index=IGNORE)
        self.outputs: list[tuple[Tensor, Tensor]] = []

    def forward(self, views: Float[Tensor, "batch h w"]) -> Float[Tensor, "batch classes h w"]:
        """Return the logits of every class at every pixel."""
        stacked = views[:, None]
        if self.hparams["channels_last"]:
            stacked = stacked.contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.net(stacked)
        return logits.float()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Draw this step's random numbers from (seed, epoch, batch), so that a resumed run repeats them.

        Each of several processes draws its own: how many are drawn depends on what is drawn.
        """
        share = Share.current()
        process = 1 + share.rank if share.world > 1 else 0
        seed_step(self.hparams["seed"], epoch=self.current_epoch, batch=batch_idx, process=process)
        with torch.autocast(self.device.type, enabled=False):
            crops, labels = self.augmented(batch)
        loss: Tensor = self.loss(self(crops), labels)
        mean = share.mean(loss)
        if not torch.isfinite(mean):
            raise InputError(
                f"the training loss is {mean.item()}; lower optimizer.lr or use trainer.precision=32-true"
            )
        self.log("train/loss", mean, on_step=True, on_epoch=True, prog_bar=True, batch_size=len(crops))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log loss and metrics of the validation split."""
        self._evaluate(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Log loss and metrics of the test split and keep its confusions for `confusions`."""
        called = self._evaluate(batch, "test")
        label, count = batch["mask"].long(), len(self.hparams["classes"])
        pairs = (label * count + called).where(label < count, count**2)
        tables = torch.stack([one.flatten().bincount(minlength=count**2 + 1)[:-1] for one in pairs])
        self.outputs.append((batch["index"].cpu(), tables.reshape(-1, count, count).cpu()))

    def on_test_start(self) -> None:
        """Forget the confusions of an earlier test."""
        self.outputs.clear()

    def confusions(self) -> Int[Tensor, "micrographs classes classes"]:
        """Return pixels by label and class called, for each micrograph of the last test, by index."""
        index, tables = (torch.cat(part) for part in zip(*self.outputs, strict=True))
        return tables[index.argsort()]

    def on_validation_epoch_end(self) -> None:
        """Log the overlaps, class by class and their mean."""
        self._log_overlaps("val")

    def on_test_epoch_end(self) -> None:
        """Log the overlaps, class by class and their mean."""
        self._log_overlaps("test")

    def configure_optimizers(self) -> Any:
        """Return the optimiser and its schedule, stepped once an epoch."""
        optimizer = build(self.hparams["optimizer"], params=self.net.parameters())
        return {
            "optimizer": optimizer,
            "lr_scheduler": build(self.hparams["schedule"], optimizer=optimizer),
        }

    def augmented(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return crops of the batch's views, turned and degraded, and their labels."""
        augment, side = self.hparams["augment"], self.hparams["patch"]
        crops, labels = cut_crops(
            batch["view"].float(), batch["mask"].long(), side=side, settings=self.degrade
        )
        if augment["d4"]:
            crops, labels = turned(crops, labels)
        crops = roughened(crops, labels, settings=self.degrade)
        return degraded(crops, settings=self.degrade, augment=augment), labels

    def _evaluate(self, batch: Batch, split: str) -> Tensor:
        logits, label = self(batch["view"].float()), batch["mask"].long()
        loss, size = self.loss(logits, label), len(label)
        self.log(f"{split}/loss", loss, prog_bar=True, batch_size=size, sync_dist=True)
        overlap, ranks = self.overlaps[split], self.ranks[split]
        assert isinstance(overlap, MulticlassJaccardIndex)
        assert isinstance(ranks, MetricCollection)
        called = logits.argmax(dim=1)
        overlap.update(called, label.where(label != ARTIFACT, IGNORE))
        few, truth = logits[..., ::STRIDE, ::STRIDE], label[:, ::STRIDE, ::STRIDE]
        labelled = truth != IGNORE
        artifact = 1 - few.softmax(dim=1)[:, 0]
        ranks.update(artifact[labelled], (truth[labelled] > 0).long())
        self.log_dict(ranks, prog_bar=split == "val", batch_size=size)
        return called

    def _log_overlaps(self, split: str) -> None:
        overlap = self.overlaps[split]
        assert isinstance(overlap, MulticlassJaccardIndex)
        values = overlap.compute()
        for name, value in zip(self.hparams["classes"], values, strict=True):
            self.log(f"{split}/iou_{name}", value, sync_dist=True)
        self.log(f"{split}/miou", values.mean(), prog_bar=split == "val", sync_dist=True)
        overlap.reset()
