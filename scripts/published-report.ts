// npm run published-report [-- FILE]: the published study's report, docs/published-study.html where no file is named.
import { writeFileSync } from 'node:fs';
import { loadPublishedStudy } from '../src/analysis/published/load.ts';
import { publishedStudyRecords } from '../src/report/published-study.ts';
import { renderReport } from '../src/report/report.ts';

const file = process.argv[2] ?? 'docs/published-study.html';
const html = renderReport(publishedStudyRecords(loadPublishedStudy()));
writeFileSync(file, html);
console.log(`${file}: ${Math.round(html.length / 1000)} kB`);
