// Work under way as its user sees it: events by `for await`, or the last of them.

/** Work under way: its events by `for await`, or its result. Ending the iteration early ends the work. */
export interface EventRun<E, Last extends E> extends AsyncIterable<E> {
  /** Runs to the end (what is left of it) and returns the last event. */
  result(): Promise<Last>;
}

/** `Last`: the kinds of event that `events` can end with. */
export function eventRun<E, Last extends E>(events: AsyncIterable<E>): EventRun<E, Last> {
  let last: E | undefined;
  const watched = (async function* () {
    for await (const event of events) {
      last = event;
      yield event;
    }
  })();
  return {
    [Symbol.asyncIterator]: () => watched,
    async result() {
      for await (const _ of watched);
      return last as Last;
    },
  };
}
