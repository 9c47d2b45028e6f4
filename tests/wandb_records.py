"""What W&B keeps of a run in its own file, read without W&B's help."""

import json
import struct
import time

_PATIENCE_S = 30.0


def read_record(path):
    """Return how a run was started and its config."""
    for record in records_in(path):
        if record.WhichOneof("record_type") == "run":
            config = {item.key: json.loads(item.value_json) for item in record.run.config.update}
            return {"group": record.run.run_group, "name": record.run.display_name}, config
    raise AssertionError(f"{path} holds no run")


def exit_code(path):
    """Return how a run ended, once W&B, which writes on behind its back, has written so."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        codes = [one.exit.exit_code for one in records_in(path) if one.WhichOneof("record_type") == "exit"]
        if codes:
            return codes[0]
        time.sleep(0.05)
    raise AssertionError(f"{path} tells no end")


def records_in(path):
    """Return all records that are whole."""
    from wandb.proto.wandb_internal_pb2 import Record

    return [Record.FromString(chunk) for chunk in record_chunks(path.read_bytes())]


def record_chunks(raw, block=32768, header=7):
    """Yield the messages of a W&B file: LevelDB's log format behind 7 bytes of its own."""
    at, message = 7, b""
    while at + header <= len(raw):
        if block - at % block < header:  # a header never spans two blocks
            at += block - at % block
            continue
        length, kind = struct.unpack_from("<HB", raw, at + 4)
        if at + header + length > len(raw):
            return
        message += raw[at + header : at + header + length]
        at += header + length
        if kind in (1, 4):  # whole, or the last part
            yield message
            message = b""
