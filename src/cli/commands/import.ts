// vitune import: an adapter of Hugging Face PEFT as a run of vitune's.
import { Command } from 'commander';
import { importPeft } from '../../exchange/peft/import.ts';
import { locateModel } from '../../model/locate.ts';
import { printJson } from '../output.ts';

export function importCommand(): Command {
  return new Command('import')
    .description('make a run of an adapter that Hugging Face PEFT saved')
    .argument('<adapter>', 'folder with adapter_config.json and adapter_model.safetensors')
    .requiredOption('--model <model>', 'what it was trained on: a folder, or a pulled model of the hub')
    .requiredOption('--out <folder>', 'a new folder')
    .option('--classes <names>', "the classes in the classifier's order (left out = those of the model's config.json)")
    .option('--json', 'print what was imported as JSON')
    .action(async (adapter: string, flags: { model: string; out: string; classes?: string; json?: boolean }) => {
      const classes = flags.classes?.split(',').map((name) => name.trim());
      const imported = await importPeft(adapter, { ...flags, model: locateModel(flags.model), classes });
      if (flags.json) return printJson(imported);
      const chosen = imported.methods.map(({ name }) => name).join(' + ');
      console.log(`${chosen}, ${imported.classes.length} classes: ${imported.folder}`);
    });
}
