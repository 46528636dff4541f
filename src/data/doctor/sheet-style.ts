// How a contact sheet looks, light and dark as the reader's system is set.

/** Pixels of a thumbnail's longer side. */
export const thumbnailSide = 96;

export const sheetStyle = `
:root{color-scheme:light dark;--text:#1a1c1e;--quiet:#5b6168;--ground:#fff;--tile:#eef0f2;--line:#d5d9dd}
@media(prefers-color-scheme:dark){:root{--text:#e8eaec;--quiet:#a3abb3;--ground:#131517;--tile:#24282c;--line:#383e44}}
body{font:14px/1.4 system-ui,sans-serif;margin:0 auto;max-width:1280px;padding:0 24px 48px;color:var(--text);background:var(--ground)}
h1{font-size:22px;margin:24px 0 0}h2{font-size:16px;margin:0}p{margin:2px 0 10px;color:var(--quiet)}small{color:var(--quiet);font-weight:400}
header{border-bottom:1px solid var(--line);padding-bottom:12px}nav{display:flex;flex-wrap:wrap;gap:4px 18px}a{color:inherit}
section{padding:20px 0 8px;border-bottom:1px solid var(--line)}
.row{display:flex;flex-wrap:wrap;gap:10px;margin-bottom:10px;padding-left:10px;border-left:3px solid var(--line)}
figure{margin:0;width:${thumbnailSide + 40}px}
img,.none{display:block;width:${thumbnailSide + 40}px;height:${thumbnailSide + 40}px;object-fit:contain;background:var(--tile);border-radius:4px}
.none{display:flex;align-items:center;justify-content:center;color:var(--quiet)}
figcaption{font-size:12px}figcaption strong{display:block;font-weight:600}
figcaption span{display:block;color:var(--quiet);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;direction:rtl;text-align:left}
`;
