"""The LightningModule: channels on the device, network, loss, metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryAccuracy, BinaryAUROC, BinaryAveragePrecision, BinaryF1Score

from cryoice.constants import BAD
from cryoice.errors import InputError
from cryoice.learn.building import build, build_patch_network
from cryoice.learn.losses import TrainingLoss
from cryoice.learn.share import Share, seed_step
from cryoice.learn.view import make_channels
from cryoice.signal.augment import apply_d4, change_contrast

Batch = dict[str, Tensor]


class PatchClassifier(pl.LightningModule):
    """Tells BAD picks from GOOD ones.

    Every argument is plain data (numbers, strings, lists, dictionaries), so that a checkpoint loads
    weights-only: ``model``, ``optimizer``, ``schedule`` and ``loss`` name their class in ``_target_``;
    ``channels`` as in ``conf/channels``; ``augment`` holds ``d4`` (bool), ``gain`` and ``offset``
    (half ranges; offset in units of the micrograph's noise σ).
    """

    def __init__(
        self,
        *,
        model: dict[str, Any],
        channels: dict[str, Any],
        augment: dict[str, Any],
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
        self.loss: TrainingLoss = build(loss)
        self.net, *peers = (
            build_patch_network(model, channels=channels, patch=patch) for _ in range(self.loss.networks)
        )
        self.peers = nn.ModuleList(peers)
        if channels_last:
            for network in (self.net, *self.peers):
                network.to(memory_format=torch.channels_last)
        metrics = MetricCollection(
            {
                "auroc": BinaryAUROC(),
                "auprc": BinaryAveragePrecision(),
                "accuracy": BinaryAccuracy(),
                "f1": BinaryF1Score(),
            }
        )
        self.metrics = nn.ModuleDict({split: metrics.clone(prefix=f"{split}/") for split in ("val", "test")})
        self.train_accuracy = BinaryAccuracy()
        self.outputs: list[tuple[Tensor, Tensor]] = []
        self.validated: list[tuple[Tensor, Tensor]] = []

    def forward(self, batch: Mapping[str, Tensor]) -> Float[Tensor, "batch 2"]:
        """Return the logits of GOOD and BAD for a batch of `PatchDataset`."""
        (logits,) = self._logits(batch, [self.net])
        return logits

    def _logits(self, batch: Mapping[str, Tensor], networks: Sequence[nn.Module]) -> list[Tensor]:
        patches = make_channels(batch, **self.hparams["channels"], patch=self.hparams["patch"])
        if self.hparams["channels_last"]:
            patches = patches.contiguous(memory_format=torch.channels_last)
        return [network(patches, batch["measured"]).float() for network in networks]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Draw this step's random numbers from (seed, epoch, batch), so that a resumed run repeats them.

        Several processes draw the augmentation of the whole batch, each for itself, and dropout apart.
        """
        share, place = Share.current(), {"epoch": self.current_epoch, "batch": batch_idx}
        seed_step(self.hparams["seed"], **place)
        shown = self.augmented(batch)
        if share.world > 1:
            seed_step(self.hparams["seed"], **place, process=1 + share.rank)
        logits, *others = self._logits(shown, [self.net, *self.peers])
        loss = self.loss.step(
            [logits, *others], batch["label"], index=batch["index"], epoch=self.current_epoch
        )
        mean = share.mean(loss)
        if not torch.isfinite(mean):
            raise InputError(
                f"the training loss is {mean.item()}; lower optimizer.lr or use trainer.precision=32-true"
            )
        self.log(
            "train/loss", mean, on_step=True, on_epoch=True, prog_bar=True, batch_size=len(batch["label"])
        )
        self.train_accuracy.update(logits.detach().softmax(dim=1)[:, BAD], batch["label"])
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log loss and metrics of the validation split."""
        probability = self._evaluate(batch, "val")
        if self.loss.wants_validation(self.current_epoch):
            self.validated.append((probability, batch["label"]))

    def on_validation_epoch_end(self) -> None:
        """Let the loss learn from the whole split, where it wants to."""
        if self.validated and not self.trainer.sanity_checking:
            probability, label = (torch.cat(part) for part in zip(*self.validated, strict=True))
            self.loss.learn_from(probability, label)
        self.validated.clear()

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the test split and keep its probabilities for `predictions`."""
        probability = self._evaluate(batch, "test")
        self.outputs.append((batch["index"].cpu(), probability.cpu()))

    def on_test_start(self) -> None:
        """Forget the probabilities of an earlier test."""
        self.outputs.clear()

    def predictions(self) -> tuple[Tensor, Tensor]:
        """Return the indices into the test set and the probability of BAD from the last test, by index."""
        index, probability = (torch.cat(part) for part in zip(*self.outputs, strict=True))
        order = index.argsort()
        return index[order], probability[order]

    def configure_optimizers(self) -> Any:
        """Return the optimiser and its schedule, stepped once an epoch."""
        trained = [*self.net.parameters(), *self.peers.parameters()]
        optimizer = build(self.hparams["optimizer"], params=trained)
        return {
            "optimizer": optimizer,
            "lr_scheduler": build(self.hparams["schedule"], optimizer=optimizer),
        }

    def _evaluate(self, batch: Batch, split: str) -> Tensor:
        logits = self(batch)
        probability = logits.softmax(dim=1)[:, BAD]
        metrics = self.metrics[split]
        assert isinstance(metrics, MetricCollection)
        metrics.update(probability, batch["label"])
        size = len(batch["label"])
        loss = cross_entropy(logits, batch["label"])  # whatever the training minimises, to compare
        self.log(f"{split}/loss", loss, prog_bar=True, batch_size=size, sync_dist=True)
        self.log_dict(metrics, prog_bar=split == "val", batch_size=size)
        return probability

    def augmented(self, batch: Batch) -> Batch:
        """Return the batch turned and with other contrast, both views of a pick alike."""
        settings, share, device = self.hparams["augment"], Share.current(), batch["label"].device
        size, out = share.world * len(batch["label"]), dict(batch)
        element = share.own(torch.randint(8 if settings["d4"] else 1, (size,), device=device))
        gain = 1 + settings["gain"] * (2 * share.own(torch.rand(size, device=device)) - 1)
        offset = settings["offset"] * (2 * share.own(torch.rand(size, device=device)) - 1)
        for name in ("real", "region"):
            if name in batch:
                turned = apply_d4(batch[name].float(), element)
                out[name] = change_contrast(turned, gain=gain, offset=offset)
        return out
