// The heat map of expert load: a row a layer, a column an expert, the mean in the middle of the scale. Drawn on a canvas:
// a large model has tens of thousands of cells.
'use strict';

const kHeatLeft = 44, kHeatTop = 5, kHeatBottom = 42, kHeatRight = 4;
const kFewestPixels = 2;  // a column narrower than this is shared by neighbours

// #rrggbb as three numbers.
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// The power of two that all but a few loads stay below: the end of the scale.
function heatLimit(load) {
  const sorted = load.flat().sort((a, b) => a - b);
  const high = sorted[Math.floor(0.995 * (sorted.length - 1))] || 1;
  return [2, 4, 8, 16, 32].find((limit) => high <= limit) || 64;
}

// Colour by the logarithm of the load: half the mean is as far from the middle as twice the mean.
function heatColours(limit) {
  const ends = {cold: channels(colour('cold')), even: channels(colour('even')), hot: channels(colour('hot'))};
  return (load) => {
    const part = load > 0 ? Math.max(-1, Math.min(1, Math.log2(load) / Math.log2(limit))) : -1;
    const end = part < 0 ? ends.cold : ends.hot;
    return ends.even.map((from, i) => Math.round(from + (end[i] - from) * Math.abs(part) ** 0.85));
  };
}

const onColour = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b > 140 ? '#15181b' : '#ffffff';

// Rows of [load, expert], by number or the busiest first.
function heatRows(load, order) {
  return load.map((row) => {
    const pairs = row.map((value, expert) => [value, expert]);
    return order === 'load' ? pairs.sort((a, b) => b[0] - a[0]) : pairs;
  });
}

// How cells lie on a canvas so wide. A column stands for `group` experts and shows the busiest.
function heatLayout(rows, width) {
  const experts = Math.max(...rows.map((row) => row.length));
  const plot = width - kHeatLeft - kHeatRight;
  const group = Math.ceil(experts * kFewestPixels / plot);
  const columns = Math.ceil(experts / group);
  const rowHeight = Math.max(5, Math.min(20, Math.floor(470 / rows.length)));
  return {experts, group, columns, rowHeight, cellWidth: plot / columns, height: kHeatTop + rows.length * rowHeight + kHeatBottom};
}

function heatCell(rows, layout, row, column) {
  const members = rows[row].slice(column * layout.group, (column + 1) * layout.group);
  return members.length ? members.reduce((a, b) => b[0] > a[0] ? b : a) : null;
}

function paintCells(context, rows, layout, shade) {
  const gap = layout.rowHeight >= 9 && layout.cellWidth >= 9 ? 1 : 0;
  const digits = layout.cellWidth >= 34 && layout.rowHeight >= 13;
  const edge = (column) => Math.round((kHeatLeft + column * layout.cellWidth) * context.pixels) / context.pixels;
  context.textAlign = 'center';
  rows.forEach((_, row) => {
    for (let column = 0; column < layout.columns; ++column) {
      const cell = heatCell(rows, layout, row, column);
      if (!cell) continue;
      const paint = shade(cell[0]), top = kHeatTop + row * layout.rowHeight;
      context.fillStyle = `rgb(${paint.join()})`;
      context.fillRect(edge(column), top, edge(column + 1) - edge(column) - gap, layout.rowHeight - gap);
      if (!digits) continue;
      context.fillStyle = onColour(paint);
      context.fillText(cell[0].toFixed(2), kHeatLeft + (column + 0.5) * layout.cellWidth, top + layout.rowHeight / 2);
    }
  });
}

// Every n-th label, n of 1, 2, 5, 10, … so that labels keep their distance.
function labelStep(distance, least) {
  return [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 256, 512].find((step) => step * distance >= least) || 1024;
}

function paintLabels(context, layers, layout, order) {
  context.fillStyle = colour('soft');
  context.textAlign = 'right';
  const rowStep = labelStep(layout.rowHeight, 13);
  layers.forEach((layer, row) => row % rowStep === 0 &&
      context.fillText(String(layer), kHeatLeft - 7, kHeatTop + (row + 0.5) * layout.rowHeight));
  context.textAlign = 'center';
  const bottom = kHeatTop + layers.length * layout.rowHeight;
  const expertWidth = layout.cellWidth / layout.group, step = labelStep(expertWidth, 34);
  for (let expert = 0; expert < layout.experts; expert += step)
    context.fillText(String(expert), kHeatLeft + (expert + (step === 1 ? 0.5 : 0)) * expertWidth, bottom + 11);
  const name = order === 'load' ? 'Experts of the layer, the busiest first' : 'Expert';
  context.fillText(name, kHeatLeft + (layout.columns * layout.cellWidth) / 2, bottom + 30);
  context.save();
  context.translate(9, bottom / 2);
  context.rotate(-Math.PI / 2);
  context.fillText('Layer', 0, 0);
  context.restore();
}

function heatScale(limit, shade) {
  const values = Array.from({length: 17}, (_, i) => limit ** ((i - 8) / 8));
  const bar = element('i', {style: `background: linear-gradient(to right, ${values.map((value) => `rgb(${shade(value).join()})`).join()})`});
  const low = limit === 2 ? '½' : limit === 4 ? '¼' : `1/${limit}`;
  return element('div', {class: 'scale'}, bar,
      element('div', {}, [low, '1', limit].map((text) => element('span', {}, `${text}\u2009×`))));
}

function heatTip(map, rows, layout, row, column, order) {
  const [load, expert] = heatCell(rows, layout, row, column);
  const first = column * layout.group, last = Math.min(first + layout.group, rows[row].length) - 1;
  const busiest = first === last || order === 'load' ? '' : ` the busiest of ${first}\u2013${last},`;
  const place = order === 'load' && layout.group === 1 ? `, ${column + 1}. of ${rows[row].length}` : '';
  return [element('b', {}, `${number(load)}\u2009×`), ` the mean: layer ${map.layers[row]}, expert ${expert}${place}`,
    busiest ? `,${busiest.slice(0, -1)}` : ''];
}

const heatOptions = (name, choices) => element('select', {'aria-label': name},
    choices.map(([value, text]) => element('option', {value}, text)));

// map: {text, layers: [index in the model], views: [{name, load: [[relative to the layer's mean]]}]}.
function heatMapCard(map) {
  const canvas = element('canvas', {role: 'img', 'aria-label': 'Load of every expert in every layer, relative to the layer\u2019s mean'});
  const tip = element('div', {class: 'tip', hidden: ''});
  const order = heatOptions('order of experts', [['number', 'experts by number'], ['load', 'busiest experts first']]);
  const view = heatOptions('tokens', map.views.map((one, index) => [index, one.name]));
  const scale = element('div', {});
  const grouped = element('span', {});
  const box = element('div', {class: 'heat'}, canvas, tip);
  let rows, layout;

  const draw = () => {
    const load = map.views[Number(view.value)].load;
    const limit = heatLimit(map.views[0].load), shade = heatColours(limit);
    rows = heatRows(load, order.value);
    layout = heatLayout(rows, box.clientWidth);
    const pixels = window.devicePixelRatio || 1;
    canvas.width = Math.round(box.clientWidth * pixels);
    canvas.height = Math.round(layout.height * pixels);
    canvas.style.height = `${layout.height}px`;
    Object.assign(canvas.dataset, {rows: rows.length, columns: layout.columns, rowHeight: layout.rowHeight, left: kHeatLeft, top: kHeatTop,
      cellWidth: layout.cellWidth});
    const context = Object.assign(canvas.getContext('2d'), {pixels});
    context.scale(pixels, pixels);
    Object.assign(context, {font: `11px ${kFont}`, textBaseline: 'middle'});
    paintCells(context, rows, layout, shade);
    paintLabels(context, map.layers, layout, order.value);
    scale.replaceChildren(heatScale(limit, shade));
    grouped.textContent = layout.group > 1 ? ` A column shows the busiest of ${layout.group} neighbours.` : '';
  };
  const point = (event) => {
    const row = Math.floor((event.offsetY - kHeatTop) / layout.rowHeight), column = Math.floor((event.offsetX - kHeatLeft) / layout.cellWidth);
    tip.hidden = !(rows[row] && column >= 0 && column < layout.columns && heatCell(rows, layout, row, column));
    if (tip.hidden) return;
    tip.replaceChildren(...heatTip(map, rows, layout, row, column, order.value));
    tip.style.top = `${kHeatTop + (row + 1) * layout.rowHeight + 8}px`;
    tip.style.left = `${Math.max(0, Math.min(event.offsetX - tip.offsetWidth / 2, box.clientWidth - tip.offsetWidth))}px`;
  };
  for (const event of ['pointermove', 'pointerdown']) canvas.addEventListener(event, point);
  canvas.addEventListener('pointerleave', () => tip.hidden = true);
  for (const control of [order, view]) control.addEventListener('change', draw);
  mounted.push({draw});
  return element('section', {class: 'card wide', id: 'experts'},
      element('div', {class: 'top'}, element('h3', {}, 'Load of each expert, relative to the mean of its layer'),
          element('div', {class: 'controls'}, map.views.length > 1 ? view : null, order)),
      element('div', {class: 'top'}, element('p', {class: 'soft'}, map.text, grouped), scale), box);
}
