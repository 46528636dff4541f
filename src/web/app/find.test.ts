// The search over runs.
import { expect, it } from 'vitest';
import { finder } from './find.ts';

it('phrases are found anywhere, numbers whole, signs as they are', () => {
  const text = 'vitune-tiny shapes/count lora tune rank 7, learningRate 0.001, epochs 12';
  for (const query of ['', 'lora', 'lo', 'LORA, rank 7', 'rank  7,epochs 12', 'rate 0.001', 'rank 7,'])
    expect([query, finder(query)(text)]).toEqual([query, true]);
  for (const query of ['rank 70', 'epochs 1', 'rate 0', 'lora, rank 8', 'r.nk', '(', 'count+'])
    expect([query, finder(query)(text)]).toEqual([query, false]);
});
