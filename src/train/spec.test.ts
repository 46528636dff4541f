import { describe, expect, it } from 'vitest';
import { parseRunSpec, runId } from './spec.ts';

const base = { data: '/data', model: '/model' };
const prints = { data: 'd', model: 'm' };

describe('a combination of methods', () => {
  it('is the same run in whatever order it is named', () => {
    const [a, b] = [
      ['lora', 'bitfit'],
      ['bitfit', 'lora'],
    ].map((names) => parseRunSpec({ ...base, methods: names.map((name) => ({ name })) }));
    expect(runId(a!, prints)).toBe(runId(b!, prints));
    expect(a!.training.learningRate).toBe(1e-3); // the smaller of the two methods' own
  });
});

it('a number of training pictures that the protocol sets itself is refused', () => {
  const spec = { ...base, methods: [{ name: 'linear' }], dataOptions: { trainCount: 100 } };
  expect(parseRunSpec(spec).dataOptions.trainCount).toBe(100);
  expect(() => parseRunSpec({ ...spec, protocol: { name: 'few-shot' } })).toThrow(
    'protocol few-shot: takes no trainCount, got 100: its option shots says how many pictures are trained on',
  );
});

describe('the study preset', () => {
  const spec = (training = {}, options = {}) =>
    parseRunSpec({ ...base, preset: 'study', methods: [{ name: 'lora', options }], training });

  it('sets variant, schedule, optimizer and regularisation', () => {
    expect(spec()).toMatchObject({
      methods: [{ name: 'lora', options: { variant: 'study', dropout: 0.1 } }],
      training: { epochs: 100, warmupEpochs: 10, schedule: 'study', dropPath: 0.1, decayOn: 'all', batchSize: 64 },
    });
  });

  it('gives way to what is given', () => {
    const { methods, training } = spec({ epochs: 12, warmupEpochs: 1, dropPath: 0 }, { dropout: 0 });
    expect(methods[0]!.options).toMatchObject({ variant: 'study', dropout: 0 });
    expect(training).toMatchObject({ epochs: 12, warmupEpochs: 1, dropPath: 0, schedule: 'study' });
  });

  it('leaves methods without a variant alone', () => {
    expect(parseRunSpec({ ...base, preset: 'study', methods: [{ name: 'bitfit' }] }).methods[0]!.options).toEqual({});
  });

  it('is refused under another name, with the nearest', () => {
    expect(() => parseRunSpec({ ...base, preset: 'sutdy', methods: [{ name: 'linear' }] })).toThrow(
      '"sutdy" is not a known preset; did you mean "study"?',
    );
  });
});
