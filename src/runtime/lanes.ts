// Steppers of several runs that train the same graph, together: one session runs all of them at once (graph/stack.ts). A run sees
// a stepper like any other; its step waits until every run of the group has asked for one. Runs need not be at the same step, nor
// end together: a lane that has nothing to do keeps its state.
import { identity, sha256 } from '../base/identity.ts';
import type { GraphModel } from '../graph/export.ts';
import { openGroup } from './lane-group.ts';
import type { Runtime } from './session.ts';
import { createStepper, type State, type StepGraphs, type Stepper } from './stepper.ts';

/** A run's place in a group. */
export interface Lane {
  /**
   * The run's stepper. `build` gives its graphs for a number of lanes, alone for 1; runs of different graphs train apart.
   * Waits until every other place of the group is taken or given up.
   */
  join(runtime: Runtime, build: (lanes: number) => StepGraphs, state: State): Promise<Stepper>;
  /** Settles when the run has joined, or has given up its place. */
  readonly settled: Promise<void>;
  /** The run ended, with or without having joined. */
  leave(): void;
}

interface Member {
  readonly runtime: Runtime;
  readonly build: (lanes: number) => StepGraphs;
  readonly state: State;
  readonly take: (stepper: Promise<Stepper>) => void;
}

/** Places for `count` runs. */
export function openLanes(count: number): Lane[] {
  const groups = new Map<string, Member[]>();
  let open = count;
  const close = () => {
    if (--open > 0) return;
    for (const members of groups.values()) start(members);
  };
  return Array.from({ length: count }, () => {
    let settle = () => {};
    let stepper: Stepper | undefined;
    let isOpen = true;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const giveUp = () => {
      if (!isOpen) return;
      isOpen = false;
      settle();
      close();
    };
    return {
      settled,
      async join(runtime, build, state) {
        const made = new Promise<Stepper>((take) => {
          const key = keyOf(runtime, build(1));
          const members = groups.get(key) ?? [];
          groups.set(key, members);
          members.push({ runtime, build, state, take });
        });
        giveUp();
        stepper = await made;
        return stepper;
      },
      leave: giveUp,
    };
  });
}

/** The same for runs whose steps are the same computation on other numbers. */
function keyOf({ options, engine }: Runtime, graphs: StepGraphs): string {
  const of = ({ bytes, folder }: GraphModel) => [folder ?? '', sha256(bytes)];
  const models =
    'step' in graphs
      ? of(graphs.step)
      : [of(graphs.accumulate), ...graphs.update.map(({ model, slabs }) => [...of(model), ...slabs])];
  return identity({ options: { ...options }, engine, models });
}

function start(members: readonly Member[]): void {
  const [first] = members;
  if (members.length === 1) {
    const { runtime, build, state, take } = first!;
    take(createStepper({ runtime, graphs: build(1), state }));
    return;
  }
  const opening = openGroup(
    first!.runtime,
    first!.build(members.length),
    members.map(({ state }) => state),
  );
  members.forEach(({ take }, lane) => {
    take(opening.then((group) => group.stepper(lane)));
  });
}
