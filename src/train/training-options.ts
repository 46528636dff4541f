// The options of training and of the data, as records: flags, forms, docs and checks derive from them.
import type { OptionTable } from '../base/options.ts';
import { sourceNames } from '../data/sources/index.ts';

/** Options of training, the same for every method. `learningRate` 0 stands for the method's own default. */
export const trainingOptions = {
  epochs: { type: 'integer', default: 20, min: 1, max: 10_000, help: 'passes over the training pictures' },
  batchSize: { type: 'integer', default: 32, min: 1, max: 4096, help: 'pictures an optimizer step' },
  microBatch: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 1024,
    help: 'pictures run at once, their gradients summed (0 = chosen by a probe)',
  },
  optimizer: { type: 'choice', choices: ['adamw', 'sgd'], default: 'adamw', help: 'update rule' },
  learningRate: { type: 'number', default: 0, min: 0, max: 100, help: "peak learning rate (0 = the method's own)" },
  weightDecay: { type: 'number', default: 1e-4, min: 0, max: 10, help: 'weight decay', grid: [1e-3, 1e-4] },
  decayOn: {
    type: 'choice',
    choices: ['matrices', 'all'],
    default: 'matrices',
    help: 'what decays: matrices only, or biases and norms too',
  },
  momentum: { type: 'number', default: 0.9, min: 0, max: 0.9999, help: 'momentum of sgd' },
  schedule: {
    type: 'choice',
    choices: ['cosine', 'constant', 'study'],
    default: 'cosine',
    help: 'warm-up and cosine a step; constant; or per epoch as the published study',
  },
  warmupEpochs: { type: 'number', default: 1, min: 0, help: 'epochs of linear warm-up' },
  minLearningRate: { type: 'number', default: 0, min: 0, help: 'learning rate at the end of the cosine' },
  warmupStart: { type: 'number', default: 0, min: 0, help: 'learning rate at the start of the warm-up' },
  dropPath: {
    type: 'number',
    default: 0,
    min: 0,
    max: 0.95,
    help: 'stochastic depth of the last block, rising linearly from 0',
  },
  labelSmoothing: {
    type: 'number',
    default: 0,
    min: 0,
    max: 0.95,
    help: 'share of the target spread over all classes',
  },
  head: {
    type: 'choice',
    choices: ['linear', 'zero-shot'],
    default: 'linear',
    help: "the classifier's start: a new linear layer, or CLIP's zero-shot classifier, made of the classes' names",
  },
  promptTemplates: {
    type: 'text',
    default: 'a photo of a {}.',
    help: 'texts for the zero-shot classifier, {} for the class, separated by |',
  },
  classEmbeddings: {
    type: 'text',
    default: '',
    help: "safetensors or npy file (classes, width) for the zero-shot classifier, instead of the model's text tower",
  },
  precision: {
    type: 'choice',
    choices: ['fp32', 'int8'],
    default: 'fp32',
    later: true,
    help: 'of training: float32; or products with frozen layers in int8, forward and backward (CPU)',
  },
  flip: { type: 'boolean', default: false, help: 'mirror half of the training pictures' },
  randomResizedCrop: { type: 'boolean', default: false, help: 'train on random crops, 8 % to 100 % of the area' },
  patience: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 10_000,
    help: 'stop after this many epochs without a better validation accuracy (0 = never)',
  },
  keep: {
    type: 'choice',
    choices: ['last', 'best'],
    default: 'last',
    help: 'parameters to keep: of the last epoch, or of the best on validation',
  },
  seed: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    help: 'seed of the start values, the order, augmentation and noise',
  },
} as const satisfies OptionTable;

/** Where an option leaves the choice to the checkpoint. */
export const asModel = 'model';

/** Options of the data. */
export const dataOptions = {
  source: {
    type: 'choice',
    choices: sourceNames,
    default: 'auto',
    help: 'how the data is laid out (auto = recognised)',
  },
  trainCount: {
    type: 'integer',
    default: 0,
    min: 0,
    help: 'training pictures, validation included; without splits the rest is for test (0 = by fractions, or all)',
  },
  valFraction: {
    type: 'number',
    default: 0.15,
    min: 0,
    max: 0.9,
    help: 'share of pictures for validation, where there is no such folder',
  },
  testFraction: {
    type: 'number',
    default: 0.15,
    min: 0,
    max: 0.9,
    help: 'share of pictures for test, where there is no such folder',
  },
  trainOnVal: {
    type: 'boolean',
    default: false,
    help: 'train on the validation pictures too, once everything is chosen',
  },
  splitSeed: { type: 'integer', default: 0, min: 0, max: 2 ** 31 - 1, help: 'seed of the split' },
  imageSize: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 4096,
    help: "side of the model's input in pixels (0 = the checkpoint's)",
  },
  resize: {
    type: 'choice',
    choices: [asModel, 'shortest', 'exact'],
    default: asModel,
    help: 'shorter side to size, then centre crop; or both sides to size, whatever the aspect ratio',
  },
  resizeTo: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 8192,
    help: "side after resizing, in pixels; what is more than the input is cropped (0 = the checkpoint's)",
  },
  interpolation: {
    type: 'choice',
    choices: [asModel, 'nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'],
    default: asModel,
    help: "filter of the resizing, as Pillow's",
  },
  normalise: {
    type: 'choice',
    choices: [asModel, 'none', 'half', 'imagenet', 'clip'],
    default: asModel,
    help: 'mean and deviation of the pixels: none = 0 to 1 as they are, half = 0.5 and 0.5',
  },
} as const satisfies OptionTable;
