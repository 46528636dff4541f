// The 16 methods of the published study (Mai et al. 2024, arXiv 2409.16434, section 3), in the order of its tables.
export const publishedMethods: readonly string[] = [
  'linear',
  'full',
  'vpt-shallow',
  'vpt-deep',
  'bitfit',
  'difffit',
  'layernorm',
  'ssf',
  'pfeiffer',
  'houlsby',
  'adaptformer',
  'repadapter',
  'convpass',
  'lora',
  'fact-tt',
  'fact-tk',
];
