// Finding runs by what is typed: phrases parted by commas, each anywhere in a run's text.

/** `rank 7` finds rank 7, not rank 70 or 7.5; `lo` finds lora. */
function phraseIn(phrase: string): RegExp {
  const literal = phrase.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+');
  return new RegExp(/\d$/.test(phrase) ? `${literal}(?!\\.?\\d)` : literal, 'i');
}

/** Whether a text has all phrases of the query. */
export function finder(query: string): (text: string) => boolean {
  const phrases = query
    .split(',')
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '')
    .map(phraseIn);
  return (text) => phrases.every((phrase) => phrase.test(text));
}
