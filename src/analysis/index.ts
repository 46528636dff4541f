// Analyses of anyone's study, from plain records to tables: pure, for Node and browsers.
export { accuracyTable, bestPerGroup, pictureInterval, type ScoreTable, scoreTable } from './accuracy.ts';
export { type CostRule, relativeCost } from './advise/cost.ts';
export { greedyPortfolio, type PortfolioOptions } from './advise/portfolio.ts';
export { adaptiveSearch, nextPoint, type Observation, type PosteriorOptions, similarity } from './advise/posterior.ts';
export { type GridPoint, type ScoreGrid, scoreGrid } from './advise/score-grid.ts';
export { type ShortList, type ShortListOptions, shortList } from './advise/short-list.ts';
export { agreementMatrix, errorOverlapMatrix } from './agreement.ts';
export { type Comparison, compare, comparisonTable } from './compare.ts';
export { ensembleScores, ensembleTable, greedySelection, type Vote } from './ensemble.ts';
export { onlyOneRight, oracleTable } from './oracle.ts';
export { type Pick, pickOverlapMatrix, pickPictures, picks, vennTable } from './overlap.ts';
export { type Cost, paretoTable } from './pareto.ts';
export { perClassTable } from './per-class.ts';
export { type Beside, besidePublished, spearman } from './published/beside.ts';
export {
  asPublishedStudy,
  type Protocol,
  type PublishedStudy,
  publishedResults,
  publishedRobustness,
  publishedTrials,
  publishedWise,
} from './published/study.ts';
export { type PublishedTopic, publishedSections, publishedTopics, type Section } from './published/tables.ts';
export { type RankAnalysis, rankAnalysis } from './ranks.ts';
export type { FinalResult, Params, Predictions, RobustResult, TrialResult, WiseCurve } from './records.ts';
export { type RobustnessOptions, robustnessTable } from './robustness.ts';
export { effectsTable, sensitivityTable } from './sensitivity.ts';
export { shotsTable } from './shots.ts';
export { bootstrap, bootstrapMean, bootstrapStrata, type Interval } from './statistics/bootstrap.ts';
export { calibrationError, rocArea } from './statistics/calibration.ts';
export { type McNemar, mcNemar, pairedBootstrap, type Verdict, type Wilcoxon, wilcoxon } from './statistics/paired.ts';
export { criticalDifference, type FriedmanTest, friedmanTest, meanRanks, rankGroups } from './statistics/ranks.ts';
export { type Cell, type Column, formatCell, type Table, toCsvRows, toObjects, type Unit } from './table.ts';
export {
  type ChosenAlpha,
  chooseWithoutShiftedLabels,
  chooseWithShiftedLabels,
  wiseChoiceTable,
  wiseTable,
} from './wise.ts';
