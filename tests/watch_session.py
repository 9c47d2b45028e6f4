"""A place where micrographs arrive, as RELION, cryoSPARC Live and EPU lay them out, and time that flies."""

import time

from bright_blocks import brightness_model, noise_with_block
from cryoice.files.mrc import write_mrc
from cryoice.mask import model as model_module
from cryoice.project.watch_run import WatchRun, pause_for

_JUMP_S = 600.0


def write_session(folder, monkeypatch):
    """Return a folder with all three, in which a watch waits for no time at all."""
    movies = [f"MotionCorr/job002/Movies/m{number}.mrc" for number in range(3)]
    live = [
        f"S1/motioncorrected/{number:021d}_m_patch_aligned{end}.mrc"
        for number in (1, 2)
        for end in ("", "_doseweighted")
    ]
    squares = ["Session/Images-Disc1/GridSquare_1"]
    exposure = "FoilHole_7_Data_8_9_20250108_154915"
    epu = [f"{square}/Data/{exposure}{end}.mrc" for square in squares for end in ("", "_Fractions")]
    epu += [f"{square}/GridSquare_20250108_151151.mrc" for square in squares]
    for number, name in enumerate([*movies, *live, *epu]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_mrc(folder / name, noise_with_block(seed=number), pixel_size=8.0)
    rows = "".join(f"{name} 1\n" for name in movies)
    (folder / "MotionCorr/job002/corrected_micrographs.star").write_text(
        "# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnMicrographPixelSize #2\n1 8.0\n\n"
        f"# version 30001\n\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\n{rows}"
    )
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())
    monkeypatch.setattr(WatchRun, "run", _flying(WatchRun.run))
    return folder


def _flying(run):
    """Make a run's time jump whenever nothing is in flight."""

    def flying(self, *, interval):
        jumped = [0.0]

        def pause(watch, seconds):
            if watch.in_flight.futures:
                pause_for(watch, seconds)
            else:
                jumped[0] += _JUMP_S

        return run(self, interval=interval, clock=lambda: time.monotonic() + jumped[0], pause=pause)

    return flying
