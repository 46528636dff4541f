// The report's style sheet: one column, light and dark by the reader's setting, paper when printed. Colours are Okabe and
// Ito's (2008), safe for colour-blind readers, darkened on white and lightened on black for contrast of at least 3 : 1.

const palette = `
:root { color-scheme: light dark;
  --bg: #fbfbf9; --card: #ffffff; --ink: #1b2026; --soft: #59626d; --line: #e1e4e8; --accent: #0067a5; --heat: #0067a5; --on: #ffffff;
  --c0: #0067a5; --c1: #c44b00; --c2: #00795a; --c3: #a8447c; --c4: #8a6a00; --c5: #2a86b8; --c6: #6b4fa0; --c7: #6d7680; }
@media (prefers-color-scheme: dark) { :root {
  --bg: #13171b; --card: #1a1f25; --ink: #e8ebee; --soft: #a2acb7; --line: #323a43; --accent: #62b4ec; --heat: #3d9bdc; --on: #08131c;
  --c0: #56b4e9; --c1: #ff8a47; --c2: #2fc49b; --c3: #e79bc6; --c4: #e3c04a; --c5: #9ad1f3; --c6: #b9a3ea; --c7: #98a2ac; } }`;

/** What drawings are made of. */
const marks = `
svg { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.grid { stroke: var(--line); } .zero { stroke: var(--soft); } .rule { stroke: var(--soft); fill: none; stroke-width: 1.2; }
.tick { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; } .axis { fill: var(--soft); }
.label { fill: var(--ink); } .strong { font-weight: 650; } .small { fill: var(--soft); font-size: 11px; }
.range { stroke: var(--line); stroke-width: 2; } .interval { stroke: var(--ink); stroke-width: 2; opacity: .55; }
.leader, .pointer { stroke: var(--soft); fill: none; opacity: .55; } .knot { fill: var(--ink); }
.bar { stroke: var(--c0); stroke-width: 5; stroke-linecap: round; }
.front { stroke: var(--c0); fill: none; stroke-width: 1.5; stroke-dasharray: 4 3; }
.ghost { fill: none; stroke: var(--line); stroke-width: 1.3; } .halo { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
.curve { fill: none; stroke-width: 1.6; } .curve.strong { stroke-width: 3; }
.heat { fill: var(--heat); stroke: var(--line); stroke-width: .6; } .cell { fill: var(--ink); font-size: 11px; font-variant-numeric: tabular-nums; } .cell.on { fill: var(--on); }
.span { opacity: .4; } .median { stroke: var(--ink); stroke-width: 2; }`;

/** For a figure in a file of its own, on paper of its own. */
export const figureStyle = `${palette}${marks}
.paper { fill: var(--card); stroke: var(--line); }
`;

export const style = `${palette}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 3.5rem; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
header, main, footer { max-width: 920px; margin: 0 auto; padding: 0 30px; }
header { padding-top: 3.2rem; }
h1 { font-size: 2.1rem; line-height: 1.15; letter-spacing: -.02em; margin: 0 0 .8rem; text-wrap: balance; }
h2 { font-size: 1.4rem; letter-spacing: -.01em; margin: 3.6rem 0 .6rem; padding-top: 1.1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .9rem; }
p { max-width: 68ch; margin: .5rem 0 1rem; text-wrap: pretty; } .lead { font-size: 1.1rem; color: var(--soft); }
nav { position: sticky; top: 0; background: color-mix(in srgb, var(--bg) 92%, transparent); backdrop-filter: blur(6px); border-bottom: 1px solid var(--line); margin-top: 1.6rem; z-index: 1; }
nav ul { display: flex; gap: 1.3rem; max-width: 920px; margin: 0 auto; padding: .6rem 30px; list-style: none; overflow-x: auto; font-size: .9rem; white-space: nowrap; scrollbar-width: thin; }
nav a { color: var(--soft); text-decoration: none; } nav a:hover { color: var(--accent); text-decoration: underline; }
.findings { list-style: none; padding: 0; margin: 1.6rem 0 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: .9rem; }
.findings li { background: var(--card); border: 1px solid var(--line); border-top: 3px solid var(--accent); border-radius: 6px; padding: .9rem 1.1rem; line-height: 1.45; }
.findings b { display: block; font-size: .86rem; margin-bottom: .25rem; font-weight: 600; }
.findings a { text-decoration: none; } .findings a:hover { text-decoration: underline; }
figure { margin: 1.6rem 0 2.2rem; padding: 1.2rem 1.2rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; break-inside: avoid; }
figcaption, .note { color: var(--soft); font-size: .9rem; line-height: 1.5; max-width: 76ch; margin-top: .7rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }${marks}
svg.narrow { display: none; font-size: 11.5px; }
details { margin-top: .8rem; font-size: .92rem; } summary { cursor: pointer; color: var(--accent); width: fit-content; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .86rem; line-height: 1.35; font-variant-numeric: tabular-nums; min-width: 40%; }
th, td { padding: .36rem .7rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; border-bottom: 1.5px solid var(--soft); }
tbody th { font-weight: 550; position: sticky; left: 0; background: var(--bg); } tbody th.t { white-space: nowrap; } .w { min-width: 17em; }
figure .scroll tbody th { background: var(--card); } details + h3, .scroll + h3 { margin-top: 2.4rem; }
.n { text-align: right; white-space: nowrap; } td.t { min-width: 6em; } tbody tr:hover { background: color-mix(in srgb, var(--accent) 7%, transparent); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: .8rem; padding: 0; list-style: none; }
.gallery img { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
.gallery span { display: block; font-size: .82rem; line-height: 1.35; color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .4rem 1.4rem; margin: 1rem 0; }
dt { font-weight: 600; } dd { margin: 0; } dd small { display: block; color: var(--soft); font-size: .88em; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1rem; overflow-x: auto; font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, monospace; }
footer { color: var(--soft); font-size: .88rem; padding-top: 2.5rem; padding-bottom: 4rem; }
@media (max-width: 640px) {
  header, main, footer { padding-left: 16px; padding-right: 16px; } header { padding-top: 1.8rem; } nav ul { padding: .6rem 16px; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.6rem; }
  figure { margin-left: -16px; margin-right: -16px; border-radius: 0; border-left: 0; border-right: 0; padding: 1rem 16px; }
  svg.wide { display: none; } svg.narrow { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .7rem; } }
@media print {
  :root { --bg: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --accent: #000; --heat: #0067a5; --on: #fff;
    --c0: #0067a5; --c1: #c44b00; --c2: #00795a; --c3: #a8447c; --c4: #8a6a00; --c5: #2a86b8; --c6: #6b4fa0; --c7: #6d7680; }
  body { font-size: 10.5pt; } nav, .skip, figure details { display: none; } figure { border: 0; padding: 0; } h2, h3 { break-after: avoid; } tr, .gallery li { break-inside: avoid; }
  .scroll { overflow: visible; } * { print-color-adjust: exact; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
