"""Runs jobs with the Python libraries that read vitune's exports, or whose files vitune reads. Argument: a JSON file

    {"pictures": FILE.safetensors, "jobs": [{"kind": ..., "folder": ..., "pictures": NAME, "base": ..., "classes": K}], "out": FILE}

Kinds: hf, timm: the folder's logits; peft_hf, peft_timm: those of the adapter in the folder on its base; train: trains LoRA for
a few steps on the base, saves it into the folder, and gives its logits. Writes one tensor a job, named by its position.
"""
import json
import pathlib
import sys

import peft
import timm
import torch
import transformers
from safetensors.torch import load_file, save_file

job_file = json.loads(pathlib.Path(sys.argv[1]).read_text())
pictures = load_file(job_file["pictures"])
torch.manual_seed(0)
torch.set_num_threads(1)
transformers.logging.set_verbosity_error()


def logits(model, x):
    with torch.no_grad():
        out = model.eval()(x)
    return getattr(out, "logits", out).contiguous()


def base_of(job):
    if job["kind"] == "peft_timm":
        return timm.create_model(f"local-dir:{job['base']}", pretrained=True, num_classes=job["classes"])
    return transformers.AutoModelForImageClassification.from_pretrained(
        job["base"], num_labels=job["classes"], ignore_mismatched_sizes=True
    )


def train(job):
    x = pictures[job["pictures"]]
    config = peft.LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], modules_to_save=["classifier"])
    model = peft.get_peft_model(base_of(job), config)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.05)
    labels = torch.arange(len(x)) % job["classes"]
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x).logits, labels).backward()
        optimizer.step()
    model.save_pretrained(job["folder"])
    return model


def model_of(job):
    kind, folder = job["kind"], job["folder"]
    if kind == "hf":
        return transformers.AutoModelForImageClassification.from_pretrained(folder)
    if kind == "timm":
        return timm.create_model(f"local-dir:{folder}", pretrained=True)
    if kind == "train":
        return train(job)
    return peft.PeftModel.from_pretrained(base_of(job), folder)


results = {str(i): logits(model_of(job), pictures[job["pictures"]]) for i, job in enumerate(job_file["jobs"])}
save_file(results, job_file["out"])
