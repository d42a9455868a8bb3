import type { KeyInWords } from '../../conference/model/keys-in-words.ts';
import { hanging } from './text-width.ts';

/** Cards that tell callers their telephone keys, for a screen and for paper. */

/** A list of keys below a heading, such as those of moderators. */
export type KeySection = { readonly heading: string; readonly keys: readonly KeyInWords[] };

/** A page for some of the callers. */
export type KeyPage = { readonly heading: string; readonly sections: readonly KeySection[] };

const HOW = 'Press the keys one after the other.';
const ASKS = 'You are asked before: 1 is yes.';

const TITLE = 'KEYS';
const GAP = 2;

/** The cards as text, with an empty line between sections. */
export function keyCardText(pages: readonly KeyPage[], widthColumns: number): string {
  return pages
    .flatMap(({ sections }) => sections)
    .map(({ heading, keys }) => {
      const width = Math.max(TITLE.length, ...keys.map(({ sequence }) => sequence.length)) + GAP;
      const row = (first: string, text: string) => hanging(first.padEnd(width), text, widthColumns);
      return [row(TITLE, heading), ...keys.map((key) => row(key.sequence, wordsOf(key)))].join('\n');
    })
    .join('\n\n');
}

/** The cards as a page of HTML that needs no other file; each card begins a sheet when it is printed. */
export function keyCardHtml(title: string, pages: readonly KeyPage[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<style>
@page { size: A4; margin: 20mm }
body { font: 12pt/1.4 sans-serif; color: #000; max-width: 170mm; margin: 10mm auto }
article + article { break-before: page; margin-top: 20mm }
h1 { font-size: 20pt; margin: 0 }
h2 { font-size: 14pt; margin: 8mm 0 2mm }
table { border-collapse: collapse; width: 100% }
tr { break-inside: avoid; border-bottom: 0.2mm solid #999 }
td { padding: 2.5mm 2mm; vertical-align: top }
td:first-child { white-space: nowrap; width: 1% }
kbd { display: inline-block; min-width: 7mm; margin-right: 1mm; padding: 0.5mm 1mm; border: 0.4mm solid #000;
  border-radius: 1.5mm; text-align: center; font: bold 13pt monospace }
@media print { body { margin: 0 auto } article + article { margin-top: 0 } }
</style>
</head>
<body>
${pages.map((page) => article(title, page)).join('\n')}
</body>
</html>
`;
}

function article(title: string, { heading, sections }: KeyPage): string {
  return `<article>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(heading)}. ${HOW}</p>
${sections.map(section).join('\n')}
</article>`;
}

function section({ heading, keys }: KeySection): string {
  const rows = keys.map((key) => `<tr><td>${caps(key.sequence)}</td><td>${escapeHtml(wordsOf(key))}</td></tr>`);
  return `<h2>${escapeHtml(heading)}</h2>\n<table>\n${rows.join('\n')}\n</table>`;
}

function caps(sequence: string): string {
  return [...sequence].map((key) => `<kbd>${escapeHtml(key)}</kbd>`).join('');
}

function wordsOf({ words, asks }: KeyInWords): string {
  return asks ? `${words}. ${ASKS}` : words;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
