// What a report is made from: plain records. A section appears where its records are given.
import type { FinalResult, Predictions, RobustResult, TrialResult, WiseCurve } from '../analysis/records.ts';

/** A choice of the protocol that is easily left unsaid. */
export interface ProtocolItem {
  readonly name: string;
  readonly value: string;
  readonly why?: string;
}

/** A picture in the gallery; `image` is a data: URI, since a report loads nothing. */
export interface GalleryPicture {
  readonly name: string;
  readonly image: string;
  readonly caption: string;
}

/** Predictions of several methods on the same pictures. */
export interface PredictionSet {
  readonly data: string;
  readonly test: readonly Predictions[];
  /** Same methods in the same order; greedy ensembles need them. */
  readonly validation?: readonly Predictions[];
}

export interface StudyRecords {
  readonly title: string;
  /** What was studied, one or two sentences. */
  readonly summary: string;
  readonly results: readonly FinalResult[];
  readonly trials?: readonly TrialResult[];
  /** Results with their number of training pictures, where a study has several numbers a set. */
  readonly shots?: readonly FinalResult[];
  readonly predictions?: readonly PredictionSet[];
  readonly robustness?: {
    readonly untuned?: RobustResult;
    readonly reference?: readonly RobustResult[];
    readonly results: readonly RobustResult[];
  };
  readonly wise?: readonly WiseCurve[];
  /** The published study's results under the same method names, to stand beside the study's own. */
  readonly published?: readonly FinalResult[];
  readonly gallery?: readonly GalleryPicture[];
  readonly protocol?: readonly ProtocolItem[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Entries for the works used. */
  readonly bibtex?: readonly string[];
  /** Methods to show in the accent colour, e.g. full fine-tuning against all others. */
  readonly highlight?: readonly string[];
}
