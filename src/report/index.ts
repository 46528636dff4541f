// Reports of anyone's study: one HTML file, and its tables in LaTeX.
export { publishedStudyRecords } from './published-study.ts';
export { renderReport, reportLatex } from './report.ts';
export type { GalleryPicture, PredictionSet, ProtocolItem, StudyRecords } from './study-records.ts';
export { type NamedTable, studyTables } from './tables.ts';
