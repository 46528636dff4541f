// Minimum cut of a directed network by Dinic's algorithm (1970): which vertices are on the side of the sink. Capacities are
// whole numbers below 2^53, or Infinity for what may not be cut.

export interface Flow {
  /** Adds an edge; both ends are vertices 0 .. count - 1. */
  edge(from: number, to: number, capacity: number): void;
  /** The vertices that the cut of least capacity which lies closest to the sink leaves on the sink's side. */
  sinkSide(): boolean[];
}

export function flowNetwork(count: number, source: number, sink: number): Flow {
  const heads: number[] = []; // where edge e ends; e ^ 1 is its reverse
  const rest: number[] = [];
  const edges: number[][] = Array.from({ length: count }, () => []);

  /** Edges from the source to each vertex with capacity left; -1 = out of reach. */
  function levels(): number[] {
    const level = new Array<number>(count).fill(-1);
    level[source] = 0;
    const queue = [source];
    for (const v of queue)
      for (const e of edges[v]!)
        if (rest[e]! > 0 && level[heads[e]!]! < 0) {
          level[heads[e]!] = level[v]! + 1;
          queue.push(heads[e]!);
        }
    return level;
  }

  /** One path of rising levels from source to sink, filled. False where there is none left. */
  function augment(level: readonly number[], next: number[]): boolean {
    const path: number[] = [];
    let v = source;
    while (v !== sink) {
      const e = edges[v]![next[v]!];
      if (e === undefined) {
        const back = path.pop();
        if (back === undefined) return false;
        v = heads[back ^ 1]!;
        next[v]!++;
      } else if (rest[e]! > 0 && level[heads[e]!] === level[v]! + 1) {
        path.push(e);
        v = heads[e]!;
      } else next[v]!++;
    }
    const least = Math.min(...path.map((e) => rest[e]!));
    for (const e of path) {
      rest[e]! -= least;
      rest[e ^ 1]! += least;
    }
    return true;
  }

  return {
    edge(from, to, capacity) {
      edges[from]!.push(heads.length);
      edges[to]!.push(heads.length + 1);
      heads.push(to, from);
      rest.push(capacity, 0);
    },
    sinkSide() {
      for (let level = levels(); level[sink]! >= 0; level = levels()) {
        const next = new Array<number>(count).fill(0);
        while (augment(level, next));
      }
      const side = new Array<boolean>(count).fill(false);
      side[sink] = true;
      const queue = [sink];
      for (const v of queue)
        for (const e of edges[v]!) {
          const from = heads[e]!;
          if (!side[from] && rest[e ^ 1]! > 0) {
            side[from] = true;
            queue.push(from);
          }
        }
      return side;
    },
  };
}
