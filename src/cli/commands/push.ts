// vitune push: an export to a repository on the Hugging Face hub.
import { Command } from 'commander';
import { pushExport } from '../../hub/push.ts';
import { printJson } from '../output.ts';

export function push(): Command {
  return new Command('push')
    .description('put an export on the Hugging Face hub, with its model card')
    .argument('<folder>', 'what vitune export wrote')
    .argument('<repository>', 'org/name; made where it is not there')
    .option('--public', 'a new repository is for everyone to see (left out = for its owner)')
    .option('--json', 'print what was pushed as JSON')
    .addHelpText('after', '\nHF_TOKEN is a token that may write; HF_ENDPOINT means what it means to Python.')
    .action(async (folder: string, repository: string, flags: { public?: boolean; json?: boolean }) => {
      const pushed = await pushExport(folder, repository, flags);
      if (flags.json) return printJson(pushed);
      console.log(`${pushed.files.length} files at ${pushed.url}`);
    });
}
