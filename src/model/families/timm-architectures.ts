// Made by scripts/timm-architectures.py from timm 1.0.31: what timm's architecture names stand for. A config.json of timm's
// leaves out whatever its architecture's name says, so this table is needed to read one.
import type { TimmArguments } from './timm-arguments.ts';

const evaLarge: TimmArguments = { embed_dim: 1024, depth: 24, num_heads: 16 };
const base: TimmArguments = { embed_dim: 768, depth: 12, num_heads: 12 };
const large: TimmArguments = { embed_dim: 1024, depth: 24, num_heads: 16 };
const small: TimmArguments = { embed_dim: 384, depth: 12, num_heads: 6 };
const testVit: TimmArguments = { embed_dim: 64, depth: 6, num_heads: 2, mlp_ratio: 3 };
const testVit2: TimmArguments = { embed_dim: 64, depth: 8, num_heads: 2, mlp_ratio: 3 };
const testVit3: TimmArguments = { embed_dim: 96, depth: 9, num_heads: 3, mlp_ratio: 2 };
const testVit4: TimmArguments = { embed_dim: 96, depth: 9, num_heads: 3, mlp_ratio: 3 };
const baseDepth18: TimmArguments = { embed_dim: 768, depth: 18, num_heads: 12 };
const baseHeads16: TimmArguments = { embed_dim: 768, depth: 12, num_heads: 16 };
const baseWidth896Heads14: TimmArguments = { embed_dim: 896, depth: 12, num_heads: 14 };
const betwixt: TimmArguments = { embed_dim: 640, depth: 12, num_heads: 10 };
const dlittle: TimmArguments = { embed_dim: 320, depth: 14, num_heads: 5, mlp_ratio: 5.6 };
const dpwee: TimmArguments = { embed_dim: 256, depth: 16, num_heads: 4, mlp_ratio: 5 };
const dwee: TimmArguments = { embed_dim: 256, depth: 14, num_heads: 4, mlp_ratio: 5 };
const giant: TimmArguments = { embed_dim: 1408, depth: 40, num_heads: 16, mlp_ratio: 4.363636363636363 };
const giantWidth1536Heads24Ratio5_3333: TimmArguments = {
  embed_dim: 1536,
  depth: 40,
  num_heads: 24,
  mlp_ratio: 5.33334,
};
const giantWidth1536Heads24Ratio4: TimmArguments = { embed_dim: 1536, depth: 40, num_heads: 24 };
const giantopt: TimmArguments = { embed_dim: 1536, depth: 40, num_heads: 16 };
const gigantic: TimmArguments = { embed_dim: 1664, depth: 48, num_heads: 16, mlp_ratio: 4.923076923076923 };
const huge: TimmArguments = { embed_dim: 1280, depth: 32, num_heads: 16 };
const intern300m: TimmArguments = { embed_dim: 1024, depth: 24, num_heads: 16 };
const little: TimmArguments = { embed_dim: 320, depth: 14, num_heads: 5, mlp_ratio: 5.6 };
const medium: TimmArguments = { embed_dim: 512, depth: 12, num_heads: 8 };
const mediumd: TimmArguments = { embed_dim: 512, depth: 20, num_heads: 8 };
const pwee: TimmArguments = { embed_dim: 256, depth: 16, num_heads: 4, mlp_ratio: 5 };
const smallDepth18: TimmArguments = { embed_dim: 384, depth: 18, num_heads: 6 };
const smallDepth36: TimmArguments = { embed_dim: 384, depth: 36, num_heads: 6 };
const so150m2: TimmArguments = { embed_dim: 832, depth: 21, num_heads: 13, mlp_ratio: 2.6153846153846154 };
const so150m: TimmArguments = { embed_dim: 896, depth: 18, num_heads: 14, mlp_ratio: 2.572 };
const so400m: TimmArguments = { embed_dim: 1152, depth: 27, num_heads: 16, mlp_ratio: 3.736111111111111 };
const so400mRatio3_7362: TimmArguments = { embed_dim: 1152, depth: 27, num_heads: 16, mlp_ratio: 3.7362 };
const tiny: TimmArguments = { embed_dim: 192, depth: 12, num_heads: 3 };
const wee: TimmArguments = { embed_dim: 256, depth: 14, num_heads: 4, mlp_ratio: 5 };
const xsmall: TimmArguments = { embed_dim: 256, depth: 10, num_heads: 4 };

const layerScale: TimmArguments = { init_values: 1e-5 };
const clip: TimmArguments = { pre_norm: true, norm_eps: 1e-5 };
const quickGelu: TimmArguments = { act_layer: 'quick_gelu' };
const geluTanh: TimmArguments = { act_layer: 'gelu_tanh' };
const swiglu: TimmArguments = { mlp_layer: 'swiglu', act_layer: 'silu' };
const gap: TimmArguments = { class_token: false, global_pool: 'avg' };
const map: TimmArguments = { class_token: false, global_pool: 'map' };
const average: TimmArguments = { global_pool: 'avg' };
const noFcNorm: TimmArguments = { fc_norm: false };
const noFinalNorm: TimmArguments = { final_norm: false };
const noEmbedClass: TimmArguments = { no_embed_class: true };
const noQkvBias: TimmArguments = { qkv_bias: false };
const reg1: TimmArguments = { reg_tokens: 1 };
const reg4: TimmArguments = { reg_tokens: 4 };
const reg7: TimmArguments = { reg_tokens: 7 };
const reg9: TimmArguments = { reg_tokens: 9 };
const distilled: TimmArguments = { distilled: true };
/** Something that vitune's network doesn't have. */
const other = (unsupported: string): TimmArguments => ({ unsupported });

type Row = readonly [patchSize: number, ...parts: readonly TimmArguments[]];

const rows: Readonly<Record<string, Row>> = {
  eva_large_patch14_196: [14, evaLarge, average],
  eva_large_patch14_336: [14, evaLarge, average],
  flexivit_base: [16, base, noEmbedClass],
  flexivit_large: [16, large, noEmbedClass],
  flexivit_small: [16, small, noEmbedClass],
  test_vit: [16, testVit],
  test_vit2: [16, testVit2, layerScale, gap, reg1],
  test_vit3: [16, testVit3, other('pool_include_prefix True')],
  test_vit4: [16, testVit4, other('norm_layer rmsnorm')],
  vit_base_patch8_224: [8, base],
  vit_base_patch14_dinov2: [14, base, layerScale],
  vit_base_patch14_reg1_tipsv2: [14, base, layerScale, noEmbedClass, reg1],
  vit_base_patch14_reg4_dinov2: [14, base, layerScale, noEmbedClass, reg4],
  vit_base_patch16_18x2_224: [16, baseDepth18, other('block_fn ParallelThingsBlock')],
  vit_base_patch16_224: [16, base],
  vit_base_patch16_224_miil: [16, base, noQkvBias],
  vit_base_patch16_384: [16, base],
  vit_base_patch16_clip_224: [16, base, clip],
  vit_base_patch16_clip_384: [16, base, clip],
  vit_base_patch16_clip_quickgelu_224: [16, base, clip, quickGelu],
  vit_base_patch16_gap_224: [16, baseHeads16, gap, noFcNorm],
  vit_base_patch16_plus_240: [16, baseWidth896Heads14, layerScale],
  vit_base_patch16_plus_clip_240: [16, baseWidth896Heads14, clip],
  vit_base_patch16_radio_v3: [16, base, layerScale, noFinalNorm, noEmbedClass, reg7, { img_size: 512 }],
  vit_base_patch16_reg4_gap_256: [16, base, gap, noEmbedClass, reg4],
  vit_base_patch16_rpn_224: [16, base, other('block_fn ResPostBlock')],
  vit_base_patch16_siglip_224: [16, base, map],
  vit_base_patch16_siglip_256: [16, base, map],
  vit_base_patch16_siglip_384: [16, base, map],
  vit_base_patch16_siglip_512: [16, base, map],
  vit_base_patch16_siglip_gap_224: [16, base, gap, noFcNorm],
  vit_base_patch16_siglip_gap_256: [16, base, gap, noFcNorm],
  vit_base_patch16_siglip_gap_384: [16, base, gap, noFcNorm],
  vit_base_patch16_siglip_gap_512: [16, base, gap, noFcNorm],
  vit_base_patch16_xp_224: [16, base, other('block_fn ParallelScalingBlock, norm_layer RmsNorm')],
  vit_base_patch32_224: [32, base],
  vit_base_patch32_384: [32, base],
  vit_base_patch32_clip_224: [32, base, clip],
  vit_base_patch32_clip_256: [32, base, clip],
  vit_base_patch32_clip_384: [32, base, clip],
  vit_base_patch32_clip_448: [32, base, clip],
  vit_base_patch32_clip_quickgelu_224: [32, base, clip, quickGelu],
  vit_base_patch32_plus_256: [32, baseWidth896Heads14, layerScale],
  vit_base_patch32_siglip_256: [32, base, geluTanh, map],
  vit_base_patch32_siglip_gap_256: [32, base, geluTanh, gap, noFcNorm],
  vit_betwixt_patch16_gap_256: [16, betwixt, layerScale, gap, noFcNorm, noQkvBias],
  vit_betwixt_patch16_reg1_gap_256: [16, betwixt, layerScale, gap, noEmbedClass, reg1],
  vit_betwixt_patch16_reg4_gap_256: [16, betwixt, layerScale, gap, noEmbedClass, reg4],
  vit_betwixt_patch16_reg4_gap_384: [16, betwixt, layerScale, gap, noEmbedClass, reg4],
  vit_betwixt_patch32_clip_224: [32, betwixt, clip],
  vit_dlittle_patch16_reg1_gap_256: [16, dlittle, other('attn_layer diff')],
  vit_dpwee_patch16_reg1_gap_256: [16, dpwee, other('block_fn DiffParallelScalingBlock')],
  vit_dwee_patch16_reg1_gap_256: [16, dwee, other('attn_layer diff')],
  vit_giant_patch14_224: [14, giant],
  vit_giant_patch14_clip_224: [14, giant, clip],
  vit_giant_patch14_dinov2: [14, giantWidth1536Heads24Ratio5_3333, layerScale, swiglu],
  vit_giant_patch14_reg1_tipsv2: [14, giantWidth1536Heads24Ratio5_3333, layerScale, swiglu, noEmbedClass, reg1],
  vit_giant_patch14_reg4_dinov2: [14, giantWidth1536Heads24Ratio5_3333, layerScale, swiglu, noEmbedClass, reg4],
  vit_giant_patch16_gap_224: [16, giant, gap, noFcNorm],
  vit_giant_patch16_radio_v3: [16, giantWidth1536Heads24Ratio4, noFinalNorm, noEmbedClass, reg7, { img_size: 512 }],
  vit_giantopt_patch16_siglip_256: [16, giantopt, geluTanh, map],
  vit_giantopt_patch16_siglip_384: [16, giantopt, geluTanh, map],
  vit_giantopt_patch16_siglip_gap_256: [16, giantopt, geluTanh, gap, noFcNorm],
  vit_giantopt_patch16_siglip_gap_384: [16, giantopt, geluTanh, gap, noFcNorm],
  vit_gigantic_patch14_224: [14, gigantic],
  vit_gigantic_patch14_clip_224: [14, gigantic, clip],
  vit_gigantic_patch14_clip_378: [14, gigantic, clip],
  vit_gigantic_patch14_clip_quickgelu_224: [14, gigantic, clip, quickGelu],
  vit_huge_patch14_224: [14, huge],
  vit_huge_patch14_clip_224: [14, huge, clip],
  vit_huge_patch14_clip_336: [14, huge, clip],
  vit_huge_patch14_clip_378: [14, huge, clip],
  vit_huge_patch14_clip_quickgelu_224: [14, huge, clip, quickGelu],
  vit_huge_patch14_clip_quickgelu_378: [14, huge, clip, quickGelu],
  vit_huge_patch14_gap_224: [14, huge, gap, noFcNorm],
  vit_huge_patch14_xp_224: [14, huge, other('block_fn ParallelScalingBlock, norm_layer RmsNorm')],
  vit_huge_patch16_gap_448: [16, huge, gap, noFcNorm],
  vit_huge_patch16_radio_v3: [16, huge, noFinalNorm, noEmbedClass, reg7, { img_size: 512 }],
  vit_huge_patch16_radio_v4: [16, huge, noFinalNorm, noEmbedClass, reg9, { img_size: 512 }],
  vit_intern300m_patch14_448: [14, intern300m, layerScale, noFinalNorm],
  vit_large_patch14_224: [14, large],
  vit_large_patch14_clip_224: [14, large, clip],
  vit_large_patch14_clip_336: [14, large, clip],
  vit_large_patch14_clip_quickgelu_224: [14, large, clip, quickGelu],
  vit_large_patch14_clip_quickgelu_336: [14, large, clip, quickGelu],
  vit_large_patch14_dinov2: [14, large, layerScale],
  vit_large_patch14_reg1_tipsv2: [14, large, layerScale, noEmbedClass, reg1],
  vit_large_patch14_reg4_dinov2: [14, large, layerScale, noEmbedClass, reg4],
  vit_large_patch14_xp_224: [14, large, other('block_fn ParallelScalingBlock, norm_layer RmsNorm')],
  vit_large_patch16_224: [16, large],
  vit_large_patch16_384: [16, large],
  vit_large_patch16_radio_v3: [16, large, layerScale, noFinalNorm, noEmbedClass, reg7, { img_size: 512 }],
  vit_large_patch16_siglip_256: [16, large, map],
  vit_large_patch16_siglip_384: [16, large, map],
  vit_large_patch16_siglip_512: [16, large, geluTanh, map],
  vit_large_patch16_siglip_gap_256: [16, large, gap, noFcNorm],
  vit_large_patch16_siglip_gap_384: [16, large, gap, noFcNorm],
  vit_large_patch16_siglip_gap_512: [16, large, geluTanh, gap, noFcNorm],
  vit_large_patch32_224: [32, large],
  vit_large_patch32_384: [32, large],
  vit_little_patch16_reg1_gap_256: [16, little, layerScale, gap, noEmbedClass, reg1],
  vit_little_patch16_reg4_gap_256: [16, little, layerScale, gap, noEmbedClass, reg4],
  vit_medium_patch16_clip_224: [16, medium, clip],
  vit_medium_patch16_gap_240: [16, medium, layerScale, gap, noFcNorm, noQkvBias],
  vit_medium_patch16_gap_256: [16, medium, layerScale, gap, noFcNorm, noQkvBias],
  vit_medium_patch16_gap_384: [16, medium, layerScale, gap, noFcNorm, noQkvBias],
  vit_medium_patch16_reg1_gap_256: [16, medium, layerScale, gap, noEmbedClass, reg1],
  vit_medium_patch16_reg4_gap_256: [16, medium, layerScale, gap, noEmbedClass, reg4],
  vit_medium_patch32_clip_224: [32, medium, clip],
  vit_mediumd_patch16_reg4_gap_256: [16, mediumd, layerScale, gap, noEmbedClass, reg4],
  vit_mediumd_patch16_reg4_gap_384: [16, mediumd, layerScale, gap, noEmbedClass, reg4],
  vit_pwee_patch16_reg1_gap_256: [16, pwee, other('block_fn ParallelScalingBlock')],
  vit_small_patch8_224: [8, small],
  vit_small_patch14_dinov2: [14, small, layerScale],
  vit_small_patch14_reg4_dinov2: [14, small, layerScale, noEmbedClass, reg4],
  vit_small_patch16_18x2_224: [16, smallDepth18, other('block_fn ParallelThingsBlock')],
  vit_small_patch16_36x1_224: [16, smallDepth36, layerScale],
  vit_small_patch16_224: [16, small],
  vit_small_patch16_384: [16, small],
  vit_small_patch32_224: [32, small],
  vit_small_patch32_384: [32, small],
  vit_so150m2_patch16_reg1_gap_256: [16, so150m2, layerScale, gap, noQkvBias, reg1],
  vit_so150m2_patch16_reg1_gap_384: [16, so150m2, layerScale, gap, noQkvBias, reg1],
  vit_so150m2_patch16_reg1_gap_448: [16, so150m2, layerScale, gap, noQkvBias, reg1],
  vit_so150m_patch16_reg4_gap_256: [16, so150m, gap, noFcNorm, reg4],
  vit_so150m_patch16_reg4_gap_384: [16, so150m, gap, noFcNorm, reg4],
  vit_so150m_patch16_reg4_map_256: [16, so150m, map, reg4],
  vit_so400m_patch14_reg1_tipsv2: [14, so400m, layerScale, noEmbedClass, reg1],
  vit_so400m_patch14_siglip_224: [14, so400mRatio3_7362, map],
  vit_so400m_patch14_siglip_378: [14, so400mRatio3_7362, map],
  vit_so400m_patch14_siglip_384: [14, so400mRatio3_7362, map],
  vit_so400m_patch14_siglip_gap_224: [14, so400mRatio3_7362, gap, noFcNorm],
  vit_so400m_patch14_siglip_gap_378: [14, so400mRatio3_7362, gap, noFcNorm],
  vit_so400m_patch14_siglip_gap_384: [14, so400mRatio3_7362, gap, noFcNorm],
  vit_so400m_patch14_siglip_gap_448: [14, so400mRatio3_7362, gap, noFcNorm],
  vit_so400m_patch14_siglip_gap_896: [14, so400mRatio3_7362, gap, noFcNorm],
  vit_so400m_patch16_radio_v4: [16, so400m, noFinalNorm, noEmbedClass, reg9, { img_size: 512 }],
  vit_so400m_patch16_siglip_256: [16, so400mRatio3_7362, geluTanh, map],
  vit_so400m_patch16_siglip_384: [16, so400mRatio3_7362, geluTanh, map],
  vit_so400m_patch16_siglip_512: [16, so400mRatio3_7362, geluTanh, map],
  vit_so400m_patch16_siglip_gap_256: [16, so400mRatio3_7362, geluTanh, gap, noFcNorm],
  vit_so400m_patch16_siglip_gap_384: [16, so400mRatio3_7362, geluTanh, gap, noFcNorm],
  vit_so400m_patch16_siglip_gap_512: [16, so400mRatio3_7362, geluTanh, gap, noFcNorm],
  vit_tiny_patch16_224: [16, tiny],
  vit_tiny_patch16_384: [16, tiny],
  vit_wee_patch16_reg1_gap_256: [16, wee, layerScale, gap, noEmbedClass, reg1],
  vit_xsmall_patch16_clip_224: [16, xsmall, clip],
  deit3_base_patch16_224: [16, base, layerScale, noEmbedClass],
  deit3_base_patch16_384: [16, base, layerScale, noEmbedClass],
  deit3_huge_patch14_224: [14, huge, layerScale, noEmbedClass],
  deit3_large_patch16_224: [16, large, layerScale, noEmbedClass],
  deit3_large_patch16_384: [16, large, layerScale, noEmbedClass],
  deit3_medium_patch16_224: [16, medium, layerScale, noEmbedClass],
  deit3_small_patch16_224: [16, small, layerScale, noEmbedClass],
  deit3_small_patch16_384: [16, small, layerScale, noEmbedClass],
  deit_base_distilled_patch16_224: [16, base, distilled],
  deit_base_distilled_patch16_384: [16, base, distilled],
  deit_base_patch16_224: [16, base],
  deit_base_patch16_384: [16, base],
  deit_small_distilled_patch16_224: [16, small, distilled],
  deit_small_patch16_224: [16, small],
  deit_tiny_distilled_patch16_224: [16, tiny, distilled],
  deit_tiny_patch16_224: [16, tiny],
};

/** Names that older releases wrote. */
const renamed: Readonly<Record<string, string>> = {
  deit3_base_patch16_224_in21ft1k: 'deit3_base_patch16_224',
  deit3_base_patch16_384_in21ft1k: 'deit3_base_patch16_384',
  deit3_huge_patch14_224_in21ft1k: 'deit3_huge_patch14_224',
  deit3_large_patch16_224_in21ft1k: 'deit3_large_patch16_224',
  deit3_large_patch16_384_in21ft1k: 'deit3_large_patch16_384',
  deit3_medium_patch16_224_in21ft1k: 'deit3_medium_patch16_224',
  deit3_small_patch16_224_in21ft1k: 'deit3_small_patch16_224',
  deit3_small_patch16_384_in21ft1k: 'deit3_small_patch16_384',
  vit_base_patch16_224_dino: 'vit_base_patch16_224',
  vit_base_patch16_224_in21k: 'vit_base_patch16_224',
  vit_base_patch16_224_miil_in21k: 'vit_base_patch16_224_miil',
  vit_base_patch16_224_sam: 'vit_base_patch16_224',
  vit_base_patch32_224_clip_laion2b: 'vit_base_patch32_clip_224',
  vit_base_patch32_224_in21k: 'vit_base_patch32_224',
  vit_base_patch32_224_sam: 'vit_base_patch32_224',
  vit_base_patch8_224_dino: 'vit_base_patch8_224',
  vit_base_patch8_224_in21k: 'vit_base_patch8_224',
  vit_giant_patch14_224_clip_laion2b: 'vit_giant_patch14_clip_224',
  vit_huge_patch14_224_clip_laion2b: 'vit_huge_patch14_clip_224',
  vit_huge_patch14_224_in21k: 'vit_huge_patch14_224',
  vit_large_patch14_224_clip_laion2b: 'vit_large_patch14_clip_224',
  vit_large_patch16_224_in21k: 'vit_large_patch16_224',
  vit_large_patch32_224_in21k: 'vit_large_patch32_224',
  vit_small_patch16_224_dino: 'vit_small_patch16_224',
  vit_small_patch16_224_in21k: 'vit_small_patch16_224',
  vit_small_patch32_224_in21k: 'vit_small_patch32_224',
  vit_small_patch8_224_dino: 'vit_small_patch8_224',
  vit_tiny_patch16_224_in21k: 'vit_tiny_patch16_224',
};

/** The constructor arguments that an architecture's name stands for. */
export function architectureArguments(name: string): TimmArguments | undefined {
  const current = Object.hasOwn(renamed, name) ? renamed[name]! : name;
  const row = Object.hasOwn(rows, current) ? rows[current] : undefined;
  if (!row) return undefined;
  const [patch_size, ...parts] = row;
  return Object.assign({ patch_size }, ...parts);
}

export const architectureNames: readonly string[] = Object.keys(rows);
