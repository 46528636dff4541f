// Reports of anyone's study: one HTML file, its figures as SVG files, its tables in LaTeX.

export type { FigureFile } from './markup.ts';
export { publishedStudyRecords } from './published-study.ts';
export { renderReport, reportFigures, reportLatex } from './report.ts';
export type { GalleryPicture, PredictionSet, ProtocolItem, StudyRecords } from './study-records.ts';
export { type NamedTable, studyTables } from './tables.ts';
