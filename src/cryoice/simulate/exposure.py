"""The picture of a specimen: what passes it, what the lens makes of it, what the camera counts."""

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float, Float32

from cryoice.simulate.camera import DETECTORS, CameraSettings, Detector, binning, count, fraction_of_nyquist
from cryoice.simulate.diffraction import add_diffracted
from cryoice.simulate.dose_weighting import weighting_transfer
from cryoice.simulate.materials import CARBON, ICE, add_material, molecular_noise
from cryoice.simulate.motion import drift_transfer
from cryoice.simulate.optics import Optics, interaction_constant
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import Specimen
from cryoice.simulate.streams import Streams
from cryoice.simulate.transfer import Transfer, filtered, radial


def pass_electrons(specimen: Specimen, *, potential: float, scene: Scene, rng: np.random.Generator) -> None:
    """Turn ice, carbon and protein of ``potential`` V above ice into phase and absorption.

    The share asin(Q) of the protein's phase is absorbed, so that `Optics.ctf` is its transfer.
    """
    for thickness, material in ((specimen.ice, ICE), (specimen.carbon, CARBON)):
        if thickness.any():
            add_material(specimen, thickness, material, scene=scene)
            noise = molecular_noise(specimen.grid, material, voltage=scene.optics.voltage, rng=rng)
            noise *= np.sqrt(thickness)
            specimen.phase += noise
    shift, contrast = potential * interaction_constant(scene.optics.voltage), scene.optics.amplitude_contrast
    specimen.phase += specimen.protein * np.float32(shift * np.sqrt(1 - contrast**2))
    specimen.absorption += specimen.protein * np.float32(shift * 2 * contrast)


def expose(
    specimen: Specimen, *, settings: CameraSettings, scene: Scene, pixel_size: float, streams: Streams
) -> Float32[np.ndarray, "height width"]:
    """Take the picture of a specimen: electrons per pixel, as in the sum of all frames."""
    exposure = Exposure.draw(settings, streams("camera"))
    specimen.parameters |= asdict(exposure)
    intensity = scene.optics.image(specimen.exit_wave(), pixel=specimen.grid.pixel)
    add_diffracted(specimen, intensity, optics=scene.optics)
    intensity *= np.float32(exposure.dose * pixel_size**2)
    transfers = exposure.signal_transfers(scene.optics, pixel=pixel_size)
    expected = filtered(intensity, transfers, pixel=pixel_size, scale=specimen.grid.scale)
    counts = count(
        specimen.grid.crop(expected),
        efficiency=exposure.camera.efficiency,
        counting=exposure.counting,
        unevenness=exposure.unevenness / binning(pixel_size),
        rng=streams("counts"),
    )
    return filtered(counts, [exposure.noise_transfer(pixel=pixel_size)], pixel=pixel_size)


@dataclass(frozen=True)
class Exposure:
    """How one micrograph was exposed: e/Å², camera in `DETECTORS`, motion in Å; noise as `count` has it."""

    dose: float
    detector: str
    dose_weighted: bool
    drift: tuple[float, float]
    counting: float
    unevenness: float

    @classmethod
    def draw(cls, settings: CameraSettings, rng: np.random.Generator) -> "Exposure":
        """Draw the exposure of one micrograph."""
        dose, detector = float(rng.uniform(*settings.dose)), str(rng.choice(settings.detectors))
        weighted, drifting = (bool(rng.random() < x) for x in (settings.dose_weighted, settings.drifting))
        length, angle = drifting * rng.uniform(*settings.drift), rng.uniform(0, np.pi)
        drift = (float(length * np.sin(angle)), float(length * np.cos(angle)))
        rest = {name: float(rng.uniform(*getattr(settings, name))) for name in ("counting", "unevenness")}
        return cls(dose, detector, dose_weighted=weighted, drift=drift, **rest)

    @property
    def camera(self) -> Detector:
        """The camera of that name."""
        return DETECTORS[self.detector]

    def signal_transfers(self, optics: Optics, *, pixel: float) -> list[Transfer]:
        """Of the expected electrons: envelope, detector and dose weighting at once, then drift."""

        def curve(frequency: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
            seen = self.camera.signal_transfer(fraction_of_nyquist(frequency, pixel=pixel))
            seen *= optics.envelope(np.square(frequency))
            if self.dose_weighted:
                seen *= weighting_transfer(frequency, dose=self.dose, voltage=optics.voltage)
            return seen

        drift = [drift_transfer(self.drift)] if any(self.drift) else []
        return [radial(curve, pixel=pixel), *drift]

    def noise_transfer(self, *, pixel: float) -> Transfer:
        """Of the counted electrons; weighting for damage leaves their noise white."""
        return radial(
            lambda frequency: self.camera.noise_transfer(fraction_of_nyquist(frequency, pixel=pixel)),
            pixel=pixel,
        )
