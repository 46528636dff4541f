// Where to write the names of points: the nearest free place around each, so that no name covers a point or another name.

export interface Anchor {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** Placed earlier, so nearer. */
  readonly first?: boolean;
}

export interface PlacedLabel {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end' | 'middle';
  /** Far enough from its point to need a line to it. */
  readonly far: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

/** Mean width of a letter and height of a line at the figures' text size, in pixels. */
const letter = 7;
const line = 13;

const directions = [0, -0.25, 0.25, -0.5, 0.5, 1, -0.75, 0.75].map((turn) => turn * Math.PI);

/** The first ones go above, off the line that joins them. */
const above = [-0.25, -0.75, -0.5, 0, 0.25, 1, 0.5, 0.75].map((turn) => turn * Math.PI);

function candidates(anchor: Anchor): { readonly label: PlacedLabel; readonly box: Box; readonly distance: number }[] {
  return [10, 20, 34, 50, 70].flatMap((distance) =>
    (anchor.first ? above : directions).map((angle) => {
      const x = anchor.x + Math.cos(angle) * distance;
      const y = anchor.y + Math.sin(angle) * distance;
      const side = Math.abs(Math.cos(angle)) < 0.1 ? 'middle' : Math.cos(angle) > 0 ? 'start' : 'end';
      const width = anchor.text.length * letter;
      const left = side === 'start' ? x : side === 'end' ? x - width : x - width / 2;
      return {
        label: { x, y: y + 4, anchor: side, far: distance > 20 } as const,
        box: { left: left - 3, right: left + width + 3, top: y - line / 2, bottom: y + line / 2 },
        distance,
      };
    }),
  );
}

/** One label an anchor, in their order. `points` are to be kept free too; labels stay inside the frame where they can. */
export function placeLabels(
  anchors: readonly Anchor[],
  points: readonly { readonly x: number; readonly y: number }[],
  frame: Box,
): PlacedLabel[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  const out = new Array<PlacedLabel>(anchors.length);
  const order = anchors.map((_, i) => i).sort((a, b) => Number(anchors[b]!.first) - Number(anchors[a]!.first));
  for (const i of order) {
    const cost = ({ box, distance }: { box: Box; distance: number }): number => {
      const area = (box.right - box.left) * (box.bottom - box.top);
      const inside = overlap(box, frame);
      return taken.reduce((sum, t) => sum + 4 * overlap(box, t), 0) + 6 * (area - inside) + distance;
    };
    const best = candidates(anchors[i]!).reduce((a, b) => (cost(b) < cost(a) ? b : a));
    taken.push(best.box);
    out[i] = best.label;
  }
  return out;
}
