// Numbers as the report's sentences write them.

/** 0.7423 -> '74.23'. */
export const percent = (share: number): string => (100 * share).toFixed(2);

/** Keeps a percent sign on the line of its number. */
export const together = (text: string): string => text.replaceAll(' %', '\u00a0%');

/** 25200 -> '25,200'. */
export const count = (n: number): string => n.toLocaleString('en');
