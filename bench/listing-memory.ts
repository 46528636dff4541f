// Memory that a listed set takes, and reading all of it: npx tsx --expose-gc bench/listing-memory.ts DATA...
// Printed: pictures, milliseconds to list, heap after listing and after reading every picture once (MB), peak resident MB.
import { openListing } from '../src/data/sources/index.ts';

const megabytes = (bytes: number) => Math.round(bytes / 1e6);
const heap = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

for (const path of process.argv.slice(2)) {
  const before = heap();
  const begun = performance.now();
  const listing = await openListing(path);
  const milliseconds = Math.round(performance.now() - begun);
  const pictures = [...listing.parts.values()].flat();
  const listed = heap() - before;
  let bytes = 0;
  for (const picture of pictures) bytes += (await picture.read()).length;
  const read = heap() - before;
  console.log(
    JSON.stringify({
      data: path,
      pictures: pictures.length,
      milliseconds,
      listed: megabytes(listed),
      read: megabytes(read),
      peak: megabytes(process.resourceUsage().maxRSS * 1024),
      bytes: megabytes(bytes),
    }),
  );
}
