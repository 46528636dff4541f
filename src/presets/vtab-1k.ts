// The published study's main plan (Mai et al. 2024, arXiv 2409.16434, section 4): 16 methods on VTAB-1k's 19 tasks, each over its whole
// grid. Expected size: 516 grid points a task, 9,804 in all, and 304 final runs. The study's backbone is ViT-B/16 trained on ImageNet-21k
// (`models:`); on a CPU this is a plan for many machines.
import { vtabTasks } from '../data/protocols/vtab-1k.ts';
import type { PlanPreset } from '../study/plan.ts';
import { publishedMethods } from './published-methods.ts';

export const studyVtab1k: PlanPreset = {
  name: 'study/vtab-1k',
  summary: 'the published study on VTAB-1k: 16 methods with their grids on 19 tasks, folders by the tasks’ names',
  plan: {
    name: 'vtab-1k',
    preset: 'study',
    protocol: 'vtab-1k',
    data: vtabTasks.map(({ name }) => name),
    methods: publishedMethods.map((name) => ({ name, grid: 'study' as const })),
    training: { learningRate: [1e-3, 1e-2] },
    seeds: 42,
  },
};
