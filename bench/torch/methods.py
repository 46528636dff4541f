"""The methods of the comparison as hooks of vit.py, each as its paper has it and with vitune's defaults."""

import torch
import torch.nn.functional as F
from vit import Hooks


class Linear(Hooks):
    """The head alone."""


class BitFit(Hooks):
    def trains(self, name):
        return name.endswith(".bias")


class Full(Hooks):
    def trains(self, name):
        return True


class Lora(Hooks):
    """Hu et al. 2022: (alpha / r) B A z beside q and v, alpha = r."""

    def __init__(self, config, rank=8):
        super().__init__(config)
        for i in range(config["depth"]):
            for part in ("q", "v"):
                self.add(f"blocks.{i}.attn.{part}.lora.A", rank, config["width"])
                self.add(f"blocks.{i}.attn.{part}.lora.B", config["width"], rank, start=0)

    def update(self, block, part, x):
        name = f"blocks.{block}.attn.{part}.lora"
        return F.linear(F.linear(x, self.get(f"{name}.A")), self.get(f"{name}.B"))

    def qkv(self, block, x, q, k, v):
        return q + self.update(block, "q", x), k, v + self.update(block, "v", x)


class AdaptFormer(Hooks):
    """Chen et al. 2022: a bottleneck beside the MLP that reads the residual stream, times 0.1."""

    def __init__(self, config, bottleneck=64, scale=0.1, dropout=0.1):
        super().__init__(config)
        self.scale, self.dropout = scale, dropout
        for i in range(config["depth"]):
            name = f"blocks.{i}.mlp.adaptformer"
            self.add(f"{name}.down.weight", bottleneck, config["width"])
            self.add(f"{name}.down.bias", bottleneck, start=0)
            self.add(f"{name}.up.weight", config["width"], bottleneck, start=0)
            self.add(f"{name}.up.bias", config["width"], start=0)

    def branch(self, block, part, x, u, y):
        if part != "mlp":
            return y
        of = lambda name: self.get(f"blocks.{block}.mlp.adaptformer.{name}")
        low = F.dropout(F.relu(F.linear(x, of("down.weight"), of("down.bias"))), self.dropout)
        return y + self.scale * F.linear(low, of("up.weight"), of("up.bias"))


class Ssf(Hooks):
    """Lian et al. 2022: a scale and a shift by channel on every layer's output."""

    def __init__(self, config):
        super().__init__(config)
        width, hidden = config["width"], config["hidden"]
        parts = {"norm1": width, "attn.qkv": 3 * width, "attn.proj": width, "norm2": width}
        parts |= {"mlp.fc1": hidden, "mlp.fc2": width}
        places = {f"blocks.{i}.{part}": size for i in range(config["depth"]) for part, size in parts.items()}
        for place, size in {"patch_embed": width, **places, "norm": width}.items():
            self.add(f"{place}.ssf.scale", size)
            self.add(f"{place}.ssf.shift", size)
            self.get(f"{place}.ssf.scale").data += 1

    def after(self, place, y):
        return y * self.get(f"{place}.ssf.scale") + self.get(f"{place}.ssf.shift")

    def linear(self, block, part, x, y):
        group = "attn" if part in ("qkv", "proj") else "mlp"
        return self.after(f"blocks.{block}.{group}.{part}", y)


class VptDeep(Hooks):
    """Jia et al. 2022: each block has prompts of its own among the tokens."""

    def __init__(self, config, prompts=10):
        super().__init__(config)
        for i in range(config["depth"]):
            self.add(f"blocks.{i}.vpt-deep.prompts", prompts, config["width"])
        self.prompts = prompts

    def enter(self, block, x):
        own = self.get(f"blocks.{block}.vpt-deep.prompts")
        return torch.cat([x, own.expand(x.shape[0], -1, -1)], dim=1)

    def leave(self, block, x):
        return x[:, : -self.prompts]


class FactTk(Hooks):
    """Jie & Deng 2023: all weight updates as one Tucker decomposition; 12 slots a block: q, k, v, proj, 4 fc1, 4 fc2."""

    def __init__(self, config, rank=32, dropout=0.1):
        super().__init__(config)
        self.rank, self.dropout = rank, dropout
        self.add("fact-tk.U", rank, config["width"])
        self.add("fact-tk.V", config["width"], rank, start=0)
        self.add("fact-tk.core", rank, rank, rank)
        self.add("fact-tk.P", rank, 12 * config["depth"])

    def begin(self):
        r = self.rank
        self.middles = self.get("fact-tk.core").reshape(r * r, r) @ self.get("fact-tk.P")  # (r r, slots)

    def linear(self, block, part, x, y):
        r = self.rank
        first, count = {"qkv": (0, 3), "proj": (3, 1), "fc1": (4, 4), "fc2": (8, 4)}[part]
        own = self.middles[:, 12 * block + first : 12 * block + first + count].reshape(r, r, count)
        if part == "qkv":  # three matrices side by side; those of fc1 and fc2 stay mixed, as the original has them
            own = own.transpose(1, 2)
        own = own.reshape(r, r * count)
        pieces = 4 if part == "fc2" else 1
        low = F.linear(x.unflatten(-1, (pieces, -1)), self.get("fact-tk.U")).flatten(-2)
        mixed = F.dropout(low @ (own.T if part == "fc2" else own), self.dropout)
        outputs = 1 if part == "fc2" else count
        return y + F.linear(mixed.unflatten(-1, (outputs, r)), self.get("fact-tk.V")).flatten(-2)


class ConvPass(Hooks):
    """Jie & Deng 2022: beside both branches a bottleneck with a 3 x 3 convolution over the patches."""

    def __init__(self, config, bottleneck=8, dropout=0.1):
        super().__init__(config)
        self.dropout = dropout
        for i in range(config["depth"]):
            for part in ("attn", "mlp"):
                name = f"blocks.{i}.{part}.convpass"
                self.add(f"{name}.down.weight", bottleneck, config["width"])
                self.add(f"{name}.down.bias", bottleneck, start=0)
                self.add(f"{name}.conv.weight", bottleneck, bottleneck, 3, 3)
                self.add(f"{name}.conv.bias", bottleneck, start=0)
                self.add(f"{name}.up.weight", config["width"], bottleneck, start=0)
                self.add(f"{name}.up.bias", config["width"], start=0)

    def branch(self, block, part, x, u, y):
        of = lambda name: self.get(f"blocks.{block}.{part}.convpass.{name}")
        low = F.linear(u, of("down.weight"), of("down.bias"))
        low = low * torch.sigmoid(1.702 * low)  # quick GELU
        side = self.config["imageSize"] // self.config["patchSize"]
        kernel, bias = of("conv.weight"), of("conv.bias")
        grid = low[:, 1:].transpose(1, 2).unflatten(-1, (side, side))
        patches = F.conv2d(grid, kernel, bias, padding=1).flatten(2).transpose(1, 2)
        token = F.linear(low[:, :1], kernel[:, :, 1, 1], bias)  # a picture of one pixel: the centre tap
        mixed = torch.cat([token, patches], dim=1)
        mixed = F.dropout(mixed * torch.sigmoid(1.702 * mixed), self.dropout)
        return y + F.linear(mixed, of("up.weight"), of("up.bias"))


METHODS = {
    "linear": Linear,
    "lora": Lora,
    "bitfit": BitFit,
    "adaptformer": AdaptFormer,
    "ssf": Ssf,
    "vpt-deep": VptDeep,
    "fact-tk": FactTk,
    "convpass": ConvPass,
    "full": Full,
}
