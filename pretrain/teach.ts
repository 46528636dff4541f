// Step 1 of pre-training: what the teacher sees. Renders the views, runs DINOv2-S over them, and keeps for each view the
// student's pixels and the teacher's class and patch features (half precision). Resumable: a killed run goes on at the
// first chunk that isn't there.
//
//   npx tsx pretrain/teach.ts TEACHER_FOLDER WORK_FOLDER [views an icon]
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toFloat16 } from '../src/formats/half.ts';
import { encodeSafetensors } from '../src/formats/safetensors.ts';
import { exportGraph } from '../src/graph/export.ts';
import { Graph } from '../src/graph/graph.ts';
import { reshape } from '../src/graph/ops/shape.ts';
import { loadBackbone } from '../src/model/load.ts';
import { network } from '../src/model/network.ts';
import { finalNorm } from '../src/model/pooling.ts';
import { resampleGrid } from '../src/model/position-embedding.ts';
import { encode, normalizePixels } from '../src/model/vit.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { loadIcons, viewOf } from './views.ts';

const [teacherFolder, work, viewsText] = process.argv.slice(2);
if (!teacherFolder || !work) throw new Error('usage: teach.ts TEACHER_FOLDER WORK_FOLDER [views an icon]');
const views = Number(viewsText ?? 2);
const [teacherSide, studentSide, batch, chunk] = [112, 96, 16, 512];
const [teacherGrid, studentGrid] = [8, 6];

mkdirSync(work, { recursive: true });
const backbone = await loadBackbone(teacherFolder, { imageSize: teacherSide });
const { config, preprocessing } = backbone;
const C = config.width;
const graph = new Graph();
const net = network({
  graph,
  config,
  weights: backbone.weights,
  batch,
  classes: 2,
  methods: [],
  trains: () => false,
  parameter: () => {
    throw new Error('the teacher trains nothing');
  },
});
const pixels = graph.input('pixels', 'uint8', [batch, teacherSide, teacherSide, 3]);
const { x: tokens } = encode(net, normalizePixels(pixels, preprocessing.mean, preprocessing.std));
graph.output('tokens', finalNorm(net, reshape(tokens, [batch * tokens.shape[1]!, C])));
const session = await nodeRuntime().prepare(exportGraph(graph));

const icons = loadIcons();
// Number by number, so that asking for more views later only adds chunks.
const jobs = Array.from({ length: views }, (_, number) => icons.map((icon) => ({ icon, number }))).flat();
console.log(`${icons.length} icons, ${jobs.length} views, ${Math.ceil(jobs.length / chunk)} chunks`);
const started = performance.now();
let fresh = 0;
for (let at = 0; at * chunk < jobs.length; at++) {
  const path = join(work, `views-${String(at).padStart(4, '0')}.safetensors`);
  if (existsSync(path)) continue;
  const part = jobs.slice(at * chunk, (at + 1) * chunk);
  const studentPixels = new Uint8Array(part.length * studentSide ** 2 * 3);
  const targets = new Uint16Array(part.length * (1 + studentGrid ** 2) * C);
  for (let first = 0; first < part.length; first += batch) {
    const some = part.slice(first, first + batch);
    const data = new Uint8Array(batch * teacherSide ** 2 * 3);
    const made = await Promise.all(some.map(({ icon, number }) => viewOf(icon, number, [teacherSide, studentSide])));
    made.forEach(([large, small], i) => {
      data.set(large!.rgb, i * teacherSide ** 2 * 3);
      studentPixels.set(small!.rgb, (first + i) * studentSide ** 2 * 3);
    });
    const { tokens: out } = await session.run({
      pixels: { dtype: 'uint8', shape: [batch, teacherSide, teacherSide, 3], data },
    });
    const rows = out!.data as Float32Array;
    some.forEach((_, i) => {
      const own = rows.subarray(i * (1 + teacherGrid ** 2) * C, (i + 1) * (1 + teacherGrid ** 2) * C);
      const patches = resampleGrid(
        own.subarray(C),
        [teacherGrid, teacherGrid],
        [studentGrid, studentGrid],
        C,
        'bilinear',
      );
      const to = (first + i) * (1 + studentGrid ** 2) * C;
      for (let c = 0; c < C; c++) targets[to + c] = toFloat16(own[c]!);
      for (let k = 0; k < patches.length; k++) targets[to + C + k] = toFloat16(patches[k]!);
    });
  }
  const file = encodeSafetensors(
    [
      ['pixels', { dtype: 'uint8', shape: [part.length, studentSide, studentSide, 3], data: studentPixels }],
      ['targets', { dtype: 'float16', shape: [part.length, 1 + studentGrid ** 2, C], data: targets }],
    ],
    { views: JSON.stringify(part.map(({ icon, number }) => `${icon.name}#${number}`)) },
  );
  writeFileSync(`${path}.tmp`, file);
  renameSync(`${path}.tmp`, path);
  fresh += part.length;
  const rate = fresh / ((performance.now() - started) / 1000);
  console.log(
    `chunk ${at + 1}: ${rate.toFixed(0)} views/s, ${((jobs.length - (at + 1) * chunk) / rate / 60).toFixed(1)} min left`,
  );
}
