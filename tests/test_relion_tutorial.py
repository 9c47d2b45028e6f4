"""What the tutorial for RELION users shows of RELION's own files and fields holds."""

import re
import shlex
from pathlib import Path

import pytest
import starfile
import typer
from typer.testing import CliRunner

from bright_blocks import brightness_model
from cryoice.cli import app
from cryoice.mask import model as model_module
from relion_lists import name, write_relion_project

TEXT = (Path(__file__).parents[1] / "docs/relion.md").read_text("utf-8")
INPUTS = {"in_mov": "in_movies", "in_mic": "in_mics", "in_part": "in_parts", "in_coords": "in_coords"}
INPUTS |= {"in_3dref": "in_3dref", "in_mask": "in_mask"}


def as_relion_builds_it(options, folder):
    """Return the command line of an External job, put together as RELION's ``pipeline_jobs.cpp`` does."""
    line = f"{options['fn_exe']} --o {folder}/"
    line += "".join(f" --{flag} {options[field]}" for field, flag in INPUTS.items() if options[field])
    for number in range(1, 11):
        if label := options.get(f"param{number}_label"):
            line += f" --{label} {options.get(f'param{number}_value', '')}"
    return f"{line} --j {options['nr_threads']} {options['other_args']}"


def test_the_job_star_of_the_tutorial_makes_a_command_line_that_works(tmp_path, monkeypatch):
    monkeypatch.chdir(write_relion_project(tmp_path / "project"))
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())
    (block,) = re.findall(r"^```star\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    Path("job.star").write_text(block)
    found = starfile.read("job.star", always_dict=True, parse_as_string=["rlnJobOptionValue"])
    assert found["job"]["rlnJobTypeLabel"] == "relion.external"
    table = found["joboptions_values"].fillna("")
    options = dict(zip(table["rlnJobOptionVariable"], table["rlnJobOptionValue"], strict=True))
    assert list(options) == sorted(options)  # as RELION writes them
    fields = {f"param{number}_{part}" for number in range(1, 11) for part in ("label", "value")}
    queue = {"do_queue", "queuename", "qsub", "qsubscript", "min_dedicated"}
    assert options.keys() == {"fn_exe", "nr_threads", "other_args", *INPUTS, *fields, *queue}
    program, *words = shlex.split(as_relion_builds_it(options, "External/job024"))
    assert program == "cryoice"
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    listed = Path("External/job024/micrographs.star").read_text()
    assert all(name(number) in listed for number in range(4))  # 7 % of the area is less than max_bad


@pytest.mark.parametrize("label", re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.MULTILINE))
def test_every_label_of_the_tutorial_is_an_option(label):
    options = {flag for param in typer.main.get_command(app).commands["relion"].params for flag in param.opts}
    assert f"--{label}" in options
