// The published study (arXiv 2409.16434) as a report's records.
import { methodTitle, type PublishedStudy, publishedRobustness, publishedWise } from '../analysis/published/study.ts';
import { manyShotResults, vtabResults, vtabTrials } from '../analysis/published/tables.ts';
import type { StudyRecords } from './study-records.ts';

const testNames: Readonly<Record<string, string>> = {
  'imagenet-v2': 'ImageNet-V2',
  'imagenet-r': 'ImageNet-R',
  'imagenet-s': 'ImageNet-S',
  'imagenet-a': 'ImageNet-A',
};

const named = <T>(tests: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(tests).map(([name, value]) => [testNames[name] ?? name, value]));

export function publishedStudyRecords(study: PublishedStudy): StudyRecords {
  const title = (name: string): string => methodTitle(study, name);
  const wise = publishedWise(study).map((c) => ({ ...c, method: title(c.method), shifted: named(c.shifted) }));
  const start = wise[0]!;
  return {
    title: 'Parameter-efficient fine-tuning of vision transformers: the published study, recomputed',
    summary:
      'The 503 results and 13,274 tuning trials that the authors of arXiv 2409.16434 released, through the analyses that serve any study: 16 methods on the 19 sets of VTAB-1k, from few pictures to all, and CLIP on ImageNet and its shifted sets.',
    results: vtabResults(study),
    trials: vtabTrials(study),
    shots: manyShotResults(study),
    robustness: {
      untuned: {
        method: 'CLIP, not tuned',
        inDistribution: start.inDistribution[0]!,
        shifted: Object.fromEntries(Object.entries(start.shifted).map(([name, values]) => [name, values[0]!])),
      },
      results: publishedRobustness(study).map((r) => ({
        ...r,
        method: title(r.method),
        shifted: named(r.shifted),
      })),
    },
    wise,
    highlight: study.methods.filter((m) => m.trains === 'all').map((m) => m.title),
    protocol: [
      { name: 'Backbone', value: 'ViT-B/16 trained on ImageNet-21k; for robustness the image tower of CLIP ViT-B/16' },
      {
        name: 'Accuracy',
        value: 'Top-1 of the last epoch, test pictures',
        why: 'The release also has the best epoch by test accuracy, which nobody could have chosen; it would put full fine-tuning 7.4 points higher on VTAB-1k.',
      },
      {
        name: 'Hyper-parameters',
        value: 'Best of each grid by validation accuracy: 200 of the 1,000 training pictures of each VTAB-1k set',
        why: 'One such accuracy has a standard error of up to 3.5 points.',
      },
      { name: 'Runs', value: 'One a cell', why: 'So no interval over seeds can be given.' },
      {
        name: 'Many-shot',
        value: 'Each method’s best size; the 1,000 pictures of CIFAR-100 are those with augmentation',
        why: 'The best size is chosen on the test pictures, for every method alike.',
      },
      { name: 'WiSE-FT', value: 'Alpha 0, 0.1 … 1, weights of the best epoch; curves of 9 methods were released' },
    ],
    environment: { Source: study.source.released, Paper: study.source.paper },
    bibtex: [
      `@inproceedings{mai2025peft,
  title     = {Lessons and Insights from a Unifying Study of Parameter-Efficient Fine-Tuning ({PEFT}) in Visual Recognition},
  author    = {Mai, Zheda and Zhang, Ping and Tu, Cheng-Hao and Chen, Hong-You and Zhang, Li and Chao, Wei-Lun},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2025},
  note      = {arXiv:2409.16434}
}`,
    ],
  };
}
