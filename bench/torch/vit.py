"""A plain vision transformer (Dosovitskiy et al. 2021) in eager torch: what vitune's speed is compared with.

Written as a user of torch would: fused q, k, v, scaled_dot_product_attention, one hook a place for what a method adds.
Parameters have vitune's canonical names, but for q, k and v, which are one.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Hooks(nn.Module):
    """What a method changes: nothing, here. Shapes: tokens (B, N, C)."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.params = nn.ParameterDict()

    def add(self, name, *shape, start=0.02):
        """A trained parameter by its canonical name: N(0, start), or zeros."""
        value = torch.randn(*shape) * start if start else torch.zeros(*shape)
        self.params[name.replace(".", "/")] = nn.Parameter(value)

    def get(self, name):
        return self.params[name.replace(".", "/")]

    def trains(self, name):
        """Whether a backbone parameter is trained."""
        return False

    def begin(self):
        """Before each forward pass."""

    def after(self, place, y):
        """The output of the patch projection or of a norm."""
        return y

    def linear(self, block, part, x, y):
        """The output y of qkv, proj, fc1 or fc2, whose input is x."""
        return y

    def qkv(self, block, x, q, k, v):
        return q, k, v

    def enter(self, block, x):
        return x

    def leave(self, block, x):
        return x

    def branch(self, block, part, x, u, y):
        """What a branch adds: y, made of the normed u of the residual stream x."""
        return y


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, hidden = c["width"], c["hidden"]
        self.heads = c["heads"]
        self.norm1 = nn.LayerNorm(width, eps=c["normEps"])
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)})
        self.norm2 = nn.LayerNorm(width, eps=c["normEps"])
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, hidden), "fc2": nn.Linear(hidden, width)})

    def attention(self, i, u, hooks):
        B, N, C = u.shape
        qkv = hooks.linear(i, "qkv", u, self.attn["qkv"](u))
        q, k, v = hooks.qkv(i, u, *qkv.chunk(3, dim=-1))
        q, k, v = (t.reshape(B, N, self.heads, C // self.heads).transpose(1, 2) for t in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, N, C)
        return hooks.linear(i, "proj", mixed, self.attn["proj"](mixed))

    def perceptron(self, i, u, hooks):
        h = F.gelu(hooks.linear(i, "fc1", u, self.mlp["fc1"](u)))
        return hooks.linear(i, "fc2", h, self.mlp["fc2"](h))

    def forward(self, i, x, hooks):
        u = hooks.after(f"blocks.{i}.norm1", self.norm1(x))
        x = x + hooks.branch(i, "attn", x, u, self.attention(i, u, hooks))
        u = hooks.after(f"blocks.{i}.norm2", self.norm2(x))
        return x + hooks.branch(i, "mlp", x, u, self.perceptron(i, u, hooks))


class Vit(nn.Module):
    def __init__(self, c, hooks):
        super().__init__()
        side = c["imageSize"] // c["patchSize"]
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, c["width"], c["patchSize"], c["patchSize"])})
        self.cls_token = nn.Parameter(torch.randn(1, 1, c["width"]) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, side * side + 1, c["width"]) * 0.02)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c["depth"]))
        self.norm = nn.LayerNorm(c["width"], eps=c["normEps"])
        self.head = nn.Linear(c["width"], c["classes"])
        self.hooks = hooks
        for name, parameter in self.named_parameters():
            if not name.startswith(("hooks.", "head.")):
                parameter.requires_grad = hooks.trains(name)

    def forward(self, pictures):
        """Bytes (B, H, W, 3) -> logits (B, classes)."""
        self.hooks.begin()
        x = (pictures.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        x = self.hooks.after("patch_embed", x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed
        for i, block in enumerate(self.blocks):
            x = self.hooks.leave(i, block(i, self.hooks.enter(i, x), self.hooks))
        return self.head(self.hooks.after("norm", self.norm(x))[:, 0])

    def named(self):
        """Every parameter by its canonical name."""
        for name, parameter in self.named_parameters():
            yield name.removeprefix("hooks.params.").replace("/", "."), parameter
