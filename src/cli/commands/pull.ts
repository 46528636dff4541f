// vitune pull: a model from the Hugging Face hub.
import { Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { pullModel } from '../../hub/pull.ts';
import { printJson } from '../output.ts';

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

export function pull(): Command {
  return new Command('pull')
    .description('get a model from the Hugging Face hub, into the cache that Python shares')
    .argument('<model>', 'org/name or org/name@revision')
    .option('--json', 'print what was pulled as JSON')
    .addHelpText(
      'after',
      '\nHF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE mean what they mean to Python.\nThen: vitune train DATA --model org/name',
    )
    .action(async (model: string, flags: { json?: boolean }) => {
      const line = process.stderr.isTTY && !flags.json ? createLogUpdate(process.stderr) : undefined;
      const pulled = await pullModel(model, {
        onProgress({ done, total, file }) {
          line?.(`${file}  ${megabytes(done)} of ${megabytes(total)} MB`);
        },
      }).finally(() => line?.done());
      if (flags.json) return printJson(pulled);
      const size = pulled.files.length > 0 ? `${pulled.files.length} files, ${megabytes(pulled.bytes)} MB` : 'cached';
      console.log(`${pulled.name}: ${size}\n${pulled.folder}`);
    });
}
