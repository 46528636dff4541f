// vitune models: the models that ship with the package, or what a folder holds.
import { Command } from 'commander';
import { loadBackbone } from '../../model/load.ts';
import { defaultModel, embeddedModels, locateModel } from '../../model/locate.ts';
import { count, printJson, table } from '../output.ts';
import { inspect } from './inspect.ts';

export function models(): Command {
  return new Command('models')
    .description('list the built-in models, or show one (a name or a folder)')
    .argument('[model]', 'built-in model or folder')
    .option('--json', 'print as JSON')
    .addCommand(inspect())
    .action(async (model: string | undefined, flags: { json?: boolean }) => {
      const names = model === undefined ? embeddedModels() : [model];
      const loaded = await Promise.all(
        names.map(async (name) => ({ name, backbone: await loadBackbone(locateModel(name)) })),
      );
      if (flags.json)
        return printJson(
          loaded.map(({ name, backbone: { config, preprocessing, path, fingerprint, parameterCount } }) => ({
            name,
            path,
            fingerprint,
            parameterCount,
            config,
            preprocessing,
          })),
        );
      const rows = loaded.map(({ name, backbone: { config: c, parameterCount } }) => [
        name === defaultModel ? `${name} (default)` : name,
        c.family,
        `${c.imageSize.join('x')} / ${c.patchSize}`,
        `width ${c.width}, ${c.depth} blocks, ${c.heads} heads`,
        count(parameterCount),
      ]);
      console.log(table(['model', 'family', 'pixels / patch', 'size', 'parameters'], rows));
      console.log(
        "\nAny folder with config.json and model.safetensors works, of transformers (ViT, DeiT, DINOv2, CLIP, SigLIP) or timm, and\nweight files in their makers' own names (.npz, .pth): --model PATH. vitune models inspect PATH explains one.",
      );
    });
}
