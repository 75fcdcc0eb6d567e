// Where the time goes: the parts of a step, their colours, and their shares as bars.
'use strict';

const kParts = {
  attention: 'Attention', dense_gemm: 'Dense GEMM', expert: 'Experts', gate: 'Gate', communication: 'Communication',
  elementwise: 'Element-wise', head: 'Head', host: 'Host',
};
const kPartColours = {
  attention: 'c0', dense_gemm: 'c5', expert: 'c1', gate: 'c4', communication: 'c2', elementwise: 'c3', head: 'c7', host: 'c6',
};
const paint = (part) => `background: var(--${kPartColours[part]})`;

// Parts with a share of the time, the largest first.
const partsOf = (share) => Object.keys(kParts).filter((part) => share[part] > 0).sort((a, b) => share[b] - share[a]);

function partsBar(share, parts) {
  return element('div', {class: 'parts', role: 'img', 'aria-label': 'Shares of the time'}, parts.map((part) =>
      element('i', {style: `${paint(part)}; flex: ${share[part]}`, title: `${kParts[part]} ${percent(share[part])}`})));
}

// A bar for each of several runs, the parts in one order: rows of {name, breakdown: summary.json's}.
function breakdownCard(title, text, rows) {
  const shown = rows.filter(({breakdown}) => breakdown && breakdown.share && partsOf(breakdown.share).length);
  if (!shown.length) return null;
  const used = Object.keys(kParts).filter((part) => shown.some(({breakdown}) => breakdown.share[part] > 0));
  return element('section', {class: 'card wide breakdowns'}, element('h3', {}, title), element('p', {class: 'soft'}, text),
      element('div', {class: 'rows'}, shown.flatMap(({name, breakdown}) => [element('span', {class: 'name'}, name),
        partsBar(breakdown.share, used.filter((part) => breakdown.share[part] > 0))])),
      element('ul', {class: 'legend'}, used.map((part) => element('li', {}, element('i', {style: paint(part)}), kParts[part],
          shown.length === 1 ? element('b', {}, percent(shown[0].breakdown.share[part])) : null))));
}
