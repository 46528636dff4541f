// A section of the report: its title, its markup, its answer in one sentence, its tables for a paper.
import type { Table } from '../analysis/table.ts';
import type { Content } from './markup.ts';

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  /** A word or two for the navigation. */
  readonly short: string;
  readonly body: Content;
  /** The section's answer in one sentence, for the top of the report. */
  readonly finding?: string;
  /** Tables as a paper would print them. */
  readonly tables?: readonly {
    readonly caption: string;
    readonly table: Table;
    readonly columns?: readonly string[];
  }[];
}
