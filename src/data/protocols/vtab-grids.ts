// The published study's grids on VTAB-1k: every method is tuned over the product of its lists (516 settings in all), the same for
// all 19 tasks. Names are the study's own, as in its result files. Mai et al. 2024, arXiv 2409.16434, appendix.

export type Grid = Readonly<Record<string, readonly (number | boolean)[]>>;

const shared = { lr: [1e-3, 1e-2], wd: [1e-4, 1e-3] } as const;

export const vtabGrids: Readonly<Record<string, Grid>> = {
  linear: shared,
  full: shared,
  bitfit: shared,
  ln: shared,
  difffit: shared,
  ssf: shared,
  lora: { ...shared, lora_bottleneck: [1, 8, 16, 32] },
  fact_tt: { ...shared, fact_dim: [8, 16, 32], fact_scaler: [0.01, 0.1, 1, 10, 100] },
  fact_tk: { ...shared, fact_dim: [16, 32, 64], fact_scaler: [0.01, 0.1, 1, 10, 100] },
  vpt_shallow: { ...shared, vpt_num: [5, 10, 50, 100, 200] },
  vpt_deep: { ...shared, vpt_num: [5, 10, 50, 100] },
  rand_h_adapter: { ...shared, adapter_bottleneck: [4, 8, 16, 32], adapter_scaler: [0.01, 0.1, 1, 10] },
  lora_p_adapter: { ...shared, adapter_bottleneck: [4, 8, 16, 32, 64], adapter_scaler: [0.01, 0.1, 1, 10] },
  adaptformer: { ...shared, adapter_bottleneck: [4, 16, 32], adapter_scaler: [0.05, 0.1, 0.2] },
  convpass: {
    ...shared,
    convpass_bottleneck: [8, 16],
    convpass_scaler: [0.01, 0.1, 1, 10, 100],
    convpass_xavier_init: [false, true],
  },
  repadapter: { ...shared, repadapter_bottleneck: [8, 16, 32], repadapter_scaler: [0.1, 0.5, 1, 5, 10] },
};

/** All settings of a grid: the first axis changes slowest. */
export function settingsOf(grid: Grid): Readonly<Record<string, number | boolean>>[] {
  return Object.entries(grid).reduce<Readonly<Record<string, number | boolean>>[]>(
    (settings, [axis, values]) => settings.flatMap((setting) => values.map((value) => ({ ...setting, [axis]: value }))),
    [{}],
  );
}
