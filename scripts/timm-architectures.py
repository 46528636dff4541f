"""Writes src/model/families/timm-architectures.ts: the constructor arguments of every VisionTransformer that timm knows by
name, as timm's own entry points pass them.  Needs timm.

    python3 scripts/timm-architectures.py && npm run format
"""
import functools
import pathlib

import timm
from timm.models import deit, vision_transformer
from timm.models._registry import _deprecated_models as deprecated

target = pathlib.Path(__file__).resolve().parents[1] / "src" / "model" / "families" / "timm-architectures.ts"
captured = {}


def capture(name, kwargs):
    captured[name] = kwargs
    raise StopIteration


vision_transformer._create_vision_transformer = lambda variant, pretrained=False, **kwargs: capture(variant, kwargs)
deit._create_deit = lambda variant, pretrained=False, distilled=False, **kwargs: capture(
    variant, {**kwargs, **({"distilled": True} if distilled else {})}
)
for module in (vision_transformer, deit):
    for name in timm.list_models(module=module.__name__.rsplit(".", 1)[1]):
        try:
            timm.model_entrypoint(name)(pretrained=False)
        except StopIteration:
            pass
# Networks that share the class but not the design (RmsNorm, inner norms) go by other names altogether.
captured = {name: kwargs for name, kwargs in captured.items() if not name.startswith(("aimv2", "beit3"))}
# Names that older timm wrote, and what they mean today.
renamed = {
    old: new.split(".")[0]
    for old, new in sorted(deprecated.items())
    if new.split(".")[0] in captured
}

# What a row is made of: sizes by the word in the name, then differences from the constructor's defaults.
PARTS = {
    "layerScale": [{"init_values": v} for v in (1e-5, 1e-6, 1.0, 0.1)],
    "clip": [{"pre_norm": True, "norm_eps": 1e-5}],
    "quickGelu": [{"act_layer": "quick_gelu"}],
    "geluTanh": [{"act_layer": "gelu_tanh"}],
    "swiglu": [{"mlp_layer": "swiglu", "act_layer": "silu"}],
    "gap": [{"class_token": False, "global_pool": "avg"}],
    "map": [{"class_token": False, "global_pool": "map"}],
    "average": [{"global_pool": "avg"}],
    "noFcNorm": [{"fc_norm": False}],
    "noFinalNorm": [{"final_norm": False}],
    "noEmbedClass": [{"no_embed_class": True}],
    "noQkvBias": [{"qkv_bias": False}],
    "qkNorm": [{"qk_norm": True}],
    "reg1": [{"reg_tokens": 1}],
    "reg4": [{"reg_tokens": 4}],
    "reg7": [{"reg_tokens": 7}],
    "reg9": [{"reg_tokens": 9}],
    "distilled": [{"distilled": True}],
}
WITHOUT_EFFECT = {"dynamic_img_size": True, "class_token": True, "weight_init": "skip", "fix_init": True}


def normalise(kwargs):
    out = {}
    for key, value in kwargs.items():
        if key in ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir") or WITHOUT_EFFECT.get(key) == value:
            continue
        partial = value if isinstance(value, functools.partial) else None
        name = getattr(partial.func if partial else value, "__name__", value)
        if key == "norm_layer" and name == "LayerNorm":
            out["norm_eps"] = partial.keywords["eps"]
        elif key == "mlp_layer" and name == "GluMlp" and not partial.keywords["gate_last"]:
            out["mlp_layer"] = "swiglu"
        elif key == "act_layer" and name == "SiLU":
            out["act_layer"] = "silu"
        elif partial or callable(value):
            out[key] = name if isinstance(name, str) else str(name)
        else:
            out[key] = value
    return out


sizes, rows = {}, []
for name, kwargs in captured.items():
    args = normalise(kwargs)
    patch = args.pop("patch_size", 16)
    image = args.pop("img_size", None)
    shape = {k: args.pop(k) for k in ("embed_dim", "depth", "num_heads", "mlp_ratio") if k in args}
    if shape.get("mlp_ratio") == 4:
        del shape["mlp_ratio"]
    family, size = name.split("_")[:2]
    word = {"eva": "evaLarge", "test": name.replace("_v", "V")}.get(family, size)
    first = sizes.setdefault(word, shape)
    for key, label in {"depth": "Depth", "embed_dim": "Width", "num_heads": "Heads", "mlp_ratio": "Ratio"}.items():
        if shape.get(key) != first.get(key):
            word += label + str(shape.get(key, 4))[:6].replace(".", "_")
    sizes[word] = shape
    parts = [word]
    for part, forms in PARTS.items():
        for form in forms:
            if form.items() <= args.items():
                parts.append(part)
                args = {k: v for k, v in args.items() if k not in form}
    if args:
        reason = ", ".join(f"{k} {v}" for k, v in sorted(args.items()) if k != "pre_norm")
        parts = [word, f"other('{reason}')"]
    rows.append((name, patch, parts, image))


def literal(shape):
    return "{ " + ", ".join(f"{k}: {v}" for k, v in shape.items()) + " }"


def variant(forms):
    form = forms[0]
    values = {True: "true", False: "false"}
    text = ", ".join(
        f"{k}: {values[v] if isinstance(v, bool) else repr(v)}" for k, v in form.items()
    )
    return "{ " + text + " }"


used = {part for _, _, parts, _ in rows for part in parts[1:]}
lines = [
    f"// Made by scripts/timm-architectures.py from timm {timm.__version__}: what timm's architecture names stand for. A config.json of timm's",
    "// leaves out whatever its architecture's name says, so this table is needed to read one.",
    "import type { TimmArguments } from './timm-arguments.ts';",
    "",
    *(f"const {word}: TimmArguments = {literal(shape)};" for word, shape in sizes.items()),
    "",
    *(f"const {part}: TimmArguments = {variant(forms)};" for part, forms in PARTS.items() if part in used),
    "/** Something that vitune's network doesn't have. */",
    "const other = (unsupported: string): TimmArguments => ({ unsupported });",
    "",
    "type Row = readonly [patchSize: number, ...parts: readonly TimmArguments[]];",
    "",
    "const rows: Readonly<Record<string, Row>> = {",
    *(
        f"  {name}: [{patch}, {', '.join(parts)}{f', {{ img_size: {image} }}' if image else ''}],"
        for name, patch, parts, image in rows
    ),
    "};",
    "",
    "/** Names that older releases wrote. */",
    "const renamed: Readonly<Record<string, string>> = {",
    *(f"  {old}: '{new}'," for old, new in renamed.items()),
    "};",
    "",
    "/** The constructor arguments that an architecture's name stands for. */",
    "export function architectureArguments(name: string): TimmArguments | undefined {",
    "  const current = Object.hasOwn(renamed, name) ? renamed[name]! : name;",
    "  const row = Object.hasOwn(rows, current) ? rows[current] : undefined;",
    "  if (!row) return undefined;",
    "  const [patch_size, ...parts] = row;",
    "  return Object.assign({ patch_size }, ...parts);",
    "}",
    "",
    "export const architectureNames: readonly string[] = Object.keys(rows);",
    "",
]
target.write_text("\n".join(lines))
print(len(rows), "architectures")
