// What the pages of sweep, plan and compare share: lines of points with their uncertainty, the Pareto frontier, and bars
// of cost and energy. A point is {name, summary}: of summary.json's figures those that a chart asks for, and "trust".
'use strict';

const kMany = 8;  // lines that one chart can tell apart

const kAxes = {
  tokens_per_s_per_user: 'Tokens/s a user', mean_tpot_ms: 'Mean TPOT (ms)', p99_tpot_ms: 'TPOT p99 (ms)',
  p99_itl_ms: 'ITL p99 (ms)', mean_e2el_ms: 'Mean end-to-end latency (ms)',
  tokens_per_s_per_gpu: 'Output tokens/s a GPU', output_throughput: 'Output tokens/s', request_throughput: 'Requests/s',
  request_goodput: 'Good requests/s', energy_per_output_token_j: 'Energy an output token (J)',
  usd_per_million_output_tokens: '$ a million output tokens', usd_per_million_input_tokens: '$ a million input tokens',
};

const known = (value) => typeof value === 'number' && Number.isFinite(value);

// A name keeps its place, and with it its colour and symbol, in all charts of the page.
const kNames = [];
function placeOf(name) {
  if (!kNames.includes(name)) kNames.push(name);
  return kNames.indexOf(name);
}
const toneOf = (name) => colours()[placeOf(name) % kMany];

// Shares by which a latency may be off, from the errors of the nearest measured configuration. Users' tokens/s and the
// times between tokens go with TPOT; a request's whole time with both, as much as it is made of each.
function uncertainty(point, figure) {
  const {tpot_error: tpot, ttft_error: ttft} = point.summary.trust || {};
  if (typeof tpot !== 'number' || typeof ttft !== 'number') return null;
  if (figure.includes('ttft')) return ttft;
  if (!figure.includes('e2el')) return tpot;
  const waiting = point.summary.mean_ttft_ms / point.summary.mean_e2el_ms;
  return waiting * ttft + (1 - waiting) * tpot;
}

// A line for each group of points, by its name; points that miss the SLO are hollow.
function lines(groups, x, y) {
  return [...groups].map(([name, points]) => ({
    type: 'line', name, color: toneOf(name), symbol: kSymbols[placeOf(name) % kSymbols.length], symbolSize: 8,
    lineStyle: {width: 2, type: placeOf(name) < kMany ? 'solid' : 'dashed'},
    data: points.filter((point) => known(x(point)) && known(y(point)))
        .map((point) => ({value: [x(point), y(point)], point, itemStyle: point.summary.slo_met === false ?
            {color: colour('card'), borderColor: toneOf(name), borderWidth: 2} : {}})),
    labelLayout: {hideOverlap: true}, emphasis: {focus: 'series'},
  }));
}

// A shaded area around each line: of the axis `along` (0: x, 1: y) as far as `error(point)` says. It is drawn as a line
// there and back: what lies below both ways is passed twice, in opposite senses, and stays empty.
function bands(series, error, along) {
  return series.filter(({data}) => data.length > 1 && data.every(({point}) => error(point) !== null)).map(({name, data}) => {
    const edge = (sign) => data.map(({value, point}) =>
      value.map((size, axis) => axis === along ? size * Math.max(0, 1 + sign * error(point)) : size));
    const there = edge(1);
    return {type: 'line', name, color: toneOf(name), data: [...there, ...edge(-1).reverse(), there[0]], z: 1, silent: true, symbol: 'none', tooltip: {show: false},
      lineStyle: {width: 0}, areaStyle: {opacity: 0.12, origin: 'start'}, emphasis: {disabled: true}};
  });
}

function bandText(points, figure) {
  const errors = points.map((point) => uncertainty(point, figure)).filter((error) => error !== null);
  if (!errors.length) return ' Nothing like these was measured: no uncertainty is shown.';
  const [least, most] = [Math.min(...errors), Math.max(...errors)].map(percent);
  return ` Shaded: the error of the nearest measured configuration, ±\u2009${least === most ? least : `${least} to ${most}`}.` +
      (errors.length < points.length ? ' Lines without a shade: nothing like them was measured.' : '');
}

// Around a chart of groups: a legend when there are several, room for it, and tips of points. `more(point)` gives rows of
// [name, text] for the tip.
function frame(groups, more) {
  const many = groups.size > 1;
  return {
    grid: {left: 70, right: 26, top: many ? 42 : 20, bottom: 48},
    legend: many ? legend({data: [...groups.keys()], icon: undefined, itemWidth: 24, itemHeight: 13}) : undefined,
    tooltip: tooltip({trigger: 'item', formatter: ({data: {point}, marker, seriesName}) => point ? [
      `${marker} ${echarts.format.encodeHTML(point.name || seriesName)}`,
      ...more(point).map(([name, value]) => `${echarts.format.encodeHTML(name)} <b>${echarts.format.encodeHTML(value)}</b>`),
      ...(point.summary.slo_met === false ? ['misses the SLO'] : [])].join('<br>') : ''}),
  };
}

// The points that no other point beats in both figures, more being better, by rising x.
function frontierOf(points, x, y) {
  const sorted = points.filter((point) => known(x(point)) && known(y(point))).sort((a, b) => x(b) - x(a) || y(b) - y(a));
  const best = [];
  for (const point of sorted) if (!best.length || y(point) > y(best[best.length - 1])) best.push(point);
  return best.reverse();
}

// Every point, and the staircase of those that nothing beats.
function paretoCard({groups, text, more}) {
  const x = (point) => point.summary.tokens_per_s_per_user, y = (point) => point.summary.tokens_per_s_per_gpu;
  const best = frontierOf([...groups.values()].flat(), x, y);
  if (best.length < 2) return null;
  const around = () => {
    const {legend: names, ...rest} = frame(groups, more);
    return {...rest, legend: names ? {...names, itemWidth: 13} : undefined};
  };
  return chartCard({title: 'Pareto frontier', wide: true, tall: true, text, option: () => ({
    ...around(),
    xAxis: xAxis(kAxes.tokens_per_s_per_user, {min: 0, splitLine: {show: true, lineStyle: {color: colour('grid')}}}),
    yAxis: yAxis(kAxes.tokens_per_s_per_gpu, {min: 0, nameGap: 52}),
    series: [
      {type: 'line', step: 'start', symbol: 'none', silent: true, z: 1, color: colour('soft'), lineStyle: {width: 1.5, type: 'dashed'},
        data: best.map((point) => [x(point), y(point)])},
      ...lines(groups, x, y).map((series) => ({...series, type: 'scatter', symbolSize: 9,
        data: series.data.map((entry) => ({...entry, itemStyle: {opacity: best.includes(entry.point) ? 1 : 0.4, ...entry.itemStyle}}))})),
    ]})});
}

// Bars of one figure, with the range in which it may lie: rows of {name, value, error}.
function barsCard(title, text, rows, unit) {
  const shown = rows.filter(({value}) => known(value));
  if (!shown.length) return null;
  const most = Math.max(...shown.map(({value, error}) => value * (1 + (error || 0))));
  const width = (value) => `${(100 * Math.min(1, value / most)).toFixed(2)}%`;
  return element('section', {class: 'card bars'}, element('h3', {}, title), element('p', {class: 'soft'}, text),
      element('div', {class: 'rows'}, shown.flatMap(({name, value, error}) => [element('span', {class: 'name'}, name),
        element('div', {class: 'bar'}, element('i', {style: `width: ${width(value)}; background: var(--c${placeOf(name) % kMany})`}),
            error ? element('u', {style: `left: ${width(value * Math.max(0, 1 - error))}; width: ${width(value * 2 * Math.min(error, 1))}`}) : null),
        element('b', {}, unit(value))])));
}

// What an output token costs, and what it burns; each left out where unknown.
function costAndEnergy(points, text) {
  const rows = (key) => points.map(({name, summary}) => ({name, value: summary[key], error: summary.trust && summary.trust.throughput_error}));
  const cards = [
    barsCard('Cost', `$ a million output tokens. ${text}`, rows('usd_per_million_output_tokens'), (value) => `$${number(value)}`),
    barsCard('Energy', `Joules an output token. ${text}`, rows('energy_per_output_token_j'), (value) => `${number(value)}\u2009J`),
  ].filter((card) => card);
  return cards.length ? [element('h2', {}, 'Cost and energy'), element('div', {class: 'charts'}, cards)] : null;
}

// Sentences at the top of a page.
function sentences(texts) {
  return texts.length ? element('ul', {class: 'sentences'}, texts.map((text) => element('li', {}, text))) : null;
}
