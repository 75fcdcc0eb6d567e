// What both pages share: elements, numbers, and charts that follow the window and the colour scheme.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);

// element('p', {class: 'soft'}, 'text', child, …): text never becomes markup.
function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

// Three significant digits below 1000, whole numbers with thin spaces above.
function number(value) {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value !== 'number') return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e7) return value.toPrecision(3).replace('e+', 'e');
  if (size >= 1000) return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, '\u2009');
  if (size < 1e-3) return value.toPrecision(2);
  return String(Number(value.toPrecision(3)));
}

// A time given in ms, in the unit a reader would choose.
function duration(ms) {
  if (ms === null || ms === undefined) return ['–', ''];
  if (ms >= 1000) return [number(ms / 1000), 's'];
  if (ms < 1 && ms > 0) return [number(ms * 1000), 'µs'];
  return [number(ms), 'ms'];
}
const durationText = (ms) => duration(ms).join('\u2009').trim();

const kPrintStyle = window.matchMedia('print');
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const colours = () => [0, 1, 2, 3, 4, 5, 6, 7].map((index) => colour('c' + index));
const kFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';
const kSymbols = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];

function axis(name, extra) {
  return Object.assign({
    type: 'value', name, nameLocation: 'middle',
    nameTextStyle: {color: colour('soft'), fontSize: 12},
    axisLine: {show: true, lineStyle: {color: colour('line')}}, axisTick: {show: false},
    axisLabel: {color: colour('soft'), fontSize: 12, hideOverlap: true, formatter: (value) => axisNumber(value)},
    splitLine: {lineStyle: {color: colour('grid')}},
  }, extra);
}
const xAxis = (name, extra) => axis(name, Object.assign({nameGap: 29, splitLine: {show: false}}, extra));
const yAxis = (name, extra) => axis(name, Object.assign({nameGap: 46, axisLine: {show: false}}, extra));

function axisNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return Number((value / 1e6).toPrecision(4)) + '\u2009M';
  if (size >= 1e4) return Number((value / 1e3).toPrecision(4)) + '\u2009k';
  return String(Number(value.toPrecision(6)));
}

function tooltip(extra) {
  return Object.assign({
    backgroundColor: colour('card'), borderColor: colour('line'), padding: [8, 12],
    textStyle: {color: colour('ink'), fontSize: 13, fontFamily: kFont}, confine: true,
    axisPointer: {lineStyle: {color: colour('soft'), type: 'dotted'}, label: {show: false}},
  }, extra);
}

function legend(extra) {
  return Object.assign({
    top: 0, left: 0, icon: 'roundRect', itemWidth: 14, itemHeight: 4, itemGap: 18, type: 'scroll',
    textStyle: {color: colour('ink'), fontSize: 12.5}, pageTextStyle: {color: colour('soft')},
  }, extra);
}

// Charts, {box, option, chart}, and what draws itself, {draw}.
const mounted = [];

// A card with a chart; option() is asked again whenever the colours change.
function chartCard({title, text, option, wide, tall, controls}) {
  const box = element('div', {class: tall ? 'chart tall' : 'chart', role: 'img', 'aria-label': title});
  const top = element('div', {class: 'top'}, element('h3', {}, title), controls);
  const card = element('section', {class: wide ? 'card wide' : 'card'}, top,
      text ? element('p', {class: 'soft'}, text) : null, box);
  mounted.push({box, option, chart: null});
  return card;
}

function drawAll() {
  for (const entry of mounted) {
    if (entry.draw) {
      entry.draw();
      continue;
    }
    if (!entry.chart) entry.chart = echarts.init(entry.box, null, {renderer: 'svg'});
    entry.chart.resize();
    const base = {animation: false, textStyle: {fontFamily: kFont}, color: colours(), aria: {enabled: true}};
    entry.chart.setOption(Object.assign(base, entry.option()), true);
  }
}

function show(...children) {
  document.getElementById('page').replaceChildren(...children.flat().filter((child) => child));
  drawAll();
  new ResizeObserver(() => mounted.forEach((entry) => entry.draw ? entry.draw() : entry.chart.resize())).observe(document.getElementById('page'));
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  kPrintStyle.addEventListener('change', drawAll);
}

function table(columns, rows) {
  const head = columns.map((column) => element('th', column.text ? {class: 'text'} : {}, column.name));
  const body = rows.map((row) => element('tr', {}, row.map((cell, index) =>
      element('td', columns[index].text ? {class: 'text'} : {}, cell))));
  return element('div', {class: 'scroll'}, element('table', {}, element('thead', {}, element('tr', {}, head)),
      element('tbody', {}, body)));
}

function notes(texts) {
  return texts.length ? element('div', {class: 'notes'}, texts.map((text) => element('p', {}, text))) : null;
}

const percent = (share) => `${number(100 * share)}\u2009%`;

// How far the figures may be relied on, of one run or of several: each sentence once, behind a word for it.
function trust(blocks) {
  const kinds = [['gpu_profile', 'gpu_profile_text'], ['engine', 'engine_text'], ['tpot_error', 'error_text']];
  const sentences = new Map(kinds.flatMap(([kind, text]) => blocks.filter((block) => block && block[text]).map((block) => [block[text], block[kind]])));
  const badge = (word) => typeof word === 'number' ? ['', `±\u2009${percent(word)}`] : word === null ? ['bad', 'unknown'] :
    [['measured', 'validated'].includes(word) ? 'good' : ['stated', 'not validated'].includes(word) ? 'bad' : '', word];
  return sentences.size ? element('ul', {class: 'trust', 'aria-label': 'How far these figures may be relied on'}, [...sentences].map(([text, word]) => {
    const [tone, name] = badge(word);
    return element('li', {}, element('b', {class: tone}, name), element('span', {}, text));
  })) : null;
}
