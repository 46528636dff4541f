"""The torch side of a measurement, in a process of its own. Reads JSON lines and answers each with one.

{config, method, options, kind: train | infer, precision: fp32 | bf16, threads, learningRate?, weights?} makes a model.
{batch, steps} or {pictures, steps} then runs so many steps on so many random pictures, or on a file's `pixels` and `labels`,
and answers with wall-clock and processor seconds of each, the losses, and the most memory that the process ever held.
"""

import contextlib
import json
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from methods import METHODS
from vit import Vit

DTYPES = {"F32": torch.float32, "F16": torch.float16, "U8": torch.uint8, "I64": torch.int64}


def read_tensors(path):
    """A safetensors file, mapped: name -> tensor."""
    whole = torch.from_file(str(path), size=Path(path).stat().st_size, dtype=torch.uint8)
    length = int.from_bytes(bytes(whole[:8].tolist()), "little")
    header = json.loads(bytes(whole[8 : 8 + length].tolist()))
    header.pop("__metadata__", None)
    start = 8 + length
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = whole[start + begin : start + end].clone()
        tensors[name] = raw.view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def load(model, file, names):
    """Sets the parameters from a file; names: canonical -> the file's, left out = the same. Head and method may be missing."""
    tensors = read_tensors(file)
    new = {name.replace("/", ".") for name in model.hooks.params} | {"head.weight", "head.bias"}
    for name, parameter in model.named():
        parts = [name.replace(".qkv.", f".{part}.") for part in "qkv"] if ".qkv." in name else [name]
        stored = [names.get(part, part) for part in parts]
        if name in new and stored[0] not in tensors:
            continue
        parameter.data = torch.cat([tensors[one].float() for one in stored]).reshape(parameter.shape)


def optimizer_of(model, learning_rate):
    """AdamW; no weight decay on vectors, tokens and positions, as vitune's default."""
    trained = [(name, p) for name, p in model.named() if p.requires_grad]
    plain = lambda name, p: sum(d > 1 for d in p.shape) < 2 or name in ("cls_token", "pos_embed")
    groups = [
        {"params": [p for name, p in trained if plain(name, p)], "weight_decay": 0.0},
        {"params": [p for name, p in trained if not plain(name, p)], "weight_decay": 1e-4},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=learning_rate, fused=True)


def peak_bytes():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def make(job):
    """The step of a job: (pictures, labels) -> loss."""
    config = job["config"]
    torch.manual_seed(0)
    torch.set_num_threads(job["threads"])
    model = Vit(config, METHODS[job["method"]](config, **job["options"]))
    if "weights" in job:
        load(model, **job["weights"])
    training = job["kind"] == "train"
    optimizer = optimizer_of(model, job.get("learningRate", 1e-4)) if training else None

    def context():
        return torch.autocast("cpu", dtype=torch.bfloat16) if job["precision"] == "bf16" else contextlib.nullcontext()

    def step(pictures, labels):
        if not training:
            with torch.inference_mode(), context():
                return model(pictures).float().sum()
        optimizer.zero_grad(set_to_none=True)
        with context():
            loss = F.cross_entropy(model(pictures).float(), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def run(step, config, request):
    if "pictures" in request:
        given = read_tensors(request["pictures"])
        pictures, labels = given["pixels"], given["labels"]
    else:
        size = config["imageSize"]
        pictures = torch.randint(0, 256, (request["batch"], size, size, 3), dtype=torch.uint8)
        labels = torch.randint(0, config["classes"], (request["batch"],))
    wall, cpu, losses = [], [], []
    for _ in range(request["steps"]):
        begun = time.perf_counter(), time.process_time()
        losses.append(step(pictures, labels).item())
        wall.append(time.perf_counter() - begun[0])
        cpu.append(time.process_time() - begun[1])
    return {"wall": wall, "cpu": cpu, "losses": losses, "peakBytes": peak_bytes()}


def main():
    step, config = None, None
    for line in sys.stdin:
        message = json.loads(line)
        if "config" in message:
            step, config = make(message), message["config"]
            answer = {"ready": torch.__version__}
        else:
            answer = run(step, config, message)
        print(json.dumps(answer), flush=True)


main()
