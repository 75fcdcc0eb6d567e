// The page of a sweep: what throughput costs in latency, how load drives the first token, and every point as a row.
'use strict';

const done = data.points.filter((point) => point.summary);
const shortName = (pointer) => pointer.split('/').filter((part) => part).pop().replaceAll('_', ' ');
const kShortKeys = {tensor_parallel_size: 'tp', pipeline_parallel_size: 'pp', data_parallel_size: 'dp',
  enable_expert_parallel: 'ep'};
const text = (value) => {
  if (value === null) return 'default';
  if (Array.isArray(value)) return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  return Object.entries(value).map(([key, member]) => {
    const name = kShortKeys[key] || key.replaceAll('_', ' ');
    return member === true ? name : `${name} ${text(member)}`;
  }).join(', ');
};

// The pointer that the load grows along: the arrivals' rate or concurrency, else the last numeric one.
function loadPointer() {
  const numeric = data.pointers.map((_, index) => index)
      .filter((index) => data.points.every((point) => typeof point.values[index] === 'number'));
  const arrivals = numeric.find((index) => /\/arrivals\/(rate|value)$/.test(data.pointers[index]));
  return arrivals !== undefined ? arrivals : numeric.pop();
}

// One line for each value of the other pointers together; when these are too many, of the first non-numeric one.
function seriesPointers(load) {
  const others = data.pointers.map((_, index) => index).filter((index) => index !== load);
  if (new Set(done.map((point) => label(point, others))).size <= kMany) return others;
  const words = others.find((index) => done.some((point) => typeof point.values[index] !== 'number'));
  return [words !== undefined ? words : others[0]];
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

function label(point, pointers) {
  return pointers.map((index) => {
    const value = point.values[index];
    return typeof value === 'string' || isObject(value) ? text(value) : `${shortName(data.pointers[index])} ${text(value)}`;
  }).join(', ');
}

const load = loadPointer();
const groupBy = seriesPointers(load);
const groups = new Map();
for (const point of done) {
  const name = label(point, groupBy);
  groups.set(name, [...(groups.get(name) || []), point]);
}
const loadOf = (point) => load === undefined ? point.summary.request_throughput : point.values[load];
for (const points of groups.values()) points.sort((a, b) => loadOf(a) - loadOf(b));

const pick = (keys) => Object.fromEntries(keys.filter((key) => done.some((point) => known(point.summary[key]))).map((key) => [key, kAxes[key]]));
const kLatencies = pick(['tokens_per_s_per_user', 'mean_tpot_ms', 'p99_tpot_ms', 'p99_itl_ms', 'mean_e2el_ms']);
const kThroughputs = pick(['tokens_per_s_per_gpu', 'output_throughput', 'request_throughput', 'request_goodput',
  'energy_per_output_token_j', 'usd_per_million_output_tokens', 'usd_per_million_input_tokens']);
const chosen = {x: 'tokens_per_s_per_user', y: 'tokens_per_s_per_gpu'};

function select(axisName, menu) {
  const box = element('select', {'aria-label': `${axisName} axis`}, Object.entries(menu).map(([key, name]) => element('option', {value: key}, name)));
  box.addEventListener('change', () => { chosen[axisName] = box.value; drawAll(); });
  return box;
}

// What a point's tip says.
function more({summary, values}) {
  return [...(load === undefined ? [] : [[shortName(data.pointers[load]), number(values[load])]]),
    ['TTFT p99', durationText(summary.p99_ttft_ms)], ['TPOT mean', durationText(summary.mean_tpot_ms)],
    ['tokens/s a GPU', number(summary.tokens_per_s_per_gpu)], ['tokens/s a user', number(summary.tokens_per_s_per_user)]];
}

function curves() {
  const option = () => {
    const series = lines(groups, (point) => point.summary[chosen.x], (point) => point.summary[chosen.y]);
    shaded.textContent = bandText(done, chosen.x);
    return {
      ...frame(groups, more),
      xAxis: xAxis(kLatencies[chosen.x], {min: 0, splitLine: {show: true, lineStyle: {color: colour('grid')}}}),
      yAxis: yAxis(kThroughputs[chosen.y], {min: 0, nameGap: 52}),
      series: [...series, ...bands(series, (point) => uncertainty(point, chosen.x), 0)],
    };
  };
  const shaded = element('span', {});
  const misses = done.some((point) => point.summary.slo_met === false) ? ' Hollow points miss the SLO.' : '';
  return chartCard({title: 'Throughput against latency', wide: true, tall: true, option,
    text: element('span', {}, `Further up is cheaper, further right (tokens/s a user) is faster.${misses}`, shaded),
    controls: element('span', {}, select('y', kThroughputs), element('label', {}, ' against '), select('x', kLatencies))});
}

function firstToken() {
  const values = done.map((point) => point.summary.p99_ttft_ms).filter((value) => value > 0);
  const wide = values.length > 1 && Math.max(...values) / Math.min(...values) > 30;
  const least = (error) => error === null ? null : Math.min(error, 0.9);  // a logarithm has no zero
  const limits = [...new Set(done.flatMap((point) => point.summary.slo || []).filter((row) => row.bound.startsWith('ttft_')).map((row) => row.limit_ms))];
  const option = () => {
    const series = lines(groups, loadOf, (point) => point.summary.p99_ttft_ms);
    if (limits.length === 1 && series.length) {
      series[0].markLine = {silent: true, symbol: 'none', lineStyle: {color: colour('soft'), type: 'dashed'},
        label: {formatter: 'bound', position: 'insideEndTop', color: colour('soft'), fontSize: 12}, data: [{yAxis: limits[0]}]};
    }
    return {
      ...frame(groups, more),
      xAxis: xAxis(load === undefined ? 'Requests/s' : `${shortName(data.pointers[load])}`.replace(/^rate$/, 'Arrivals (requests/s)')
          .replace(/^value$/, 'Concurrent requests'), {scale: true}),
      yAxis: yAxis('TTFT p99 (ms)', wide ? {type: 'log', nameGap: 52} : {min: 0, nameGap: 52}),
      series: [...series, ...bands(series, (point) => wide ? least(uncertainty(point, 'ttft')) : uncertainty(point, 'ttft'), 1)],
    };
  };
  return chartCard({title: 'First token against load', wide: true, option, tall: true,
    text: `The 99th percentile of the time to the first token.${bandText(done, 'ttft')}`});
}

const kColumns = [
  ['tokens/s a GPU', 'tokens_per_s_per_gpu'], ['tokens/s a user', 'tokens_per_s_per_user'], ['requests/s', 'request_throughput'],
  ['good/s', 'request_goodput'], ['TTFT p50 ms', 'median_ttft_ms'], ['TTFT p99 ms', 'p99_ttft_ms'], ['TPOT mean ms', 'mean_tpot_ms'],
  ['TPOT p99 ms', 'p99_tpot_ms'], ['GPUs', 'gpus'], ['J a token', 'energy_per_output_token_j'], ['$ / M output', 'usd_per_million_output_tokens'],
].filter(([, key]) => !/^(energy|usd)/.test(key) || done.some((point) => known(point.summary[key])));

// Of each line, the point that gives most tokens for a GPU.
function best() {
  const rate = (point) => point.summary.tokens_per_s_per_gpu || 0;
  return [...groups].slice(0, kMost).map(([name, points]) => ({...points.reduce((a, b) => rate(b) > rate(a) ? b : a), name: name || 'all points'}));
}

const kMost = 12;  // bars beside each other
const kBest = 'Of each line, the point with most tokens/s a GPU.';

const kLongest = 90;  // letters of a verdict; its title has the rest, and sweep.csv

function pointTable() {
  const columns = [
    ...data.pointers.map((pointer, index) => ({name: shortName(pointer), title: pointer, of: (point) => point.values[index],
      text: data.points.some((point) => typeof point.values[index] !== 'number')})),
    {name: 'verdict', title: 'verdict', text: true, wrap: true, of: (point) => point.verdict},
    ...kColumns.map(([name, key]) => ({name, title: key, of: (point) => point.summary ? point.summary[key] : null})),
    {name: 'bottleneck', title: 'breakdown.bottleneck', text: true, 
      of: (point) => point.summary && point.summary.breakdown.bottleneck && point.summary.breakdown.bottleneck.replace('_', ' ')},
  ];
  const body = element('tbody', {});
  const fill = (points) => body.replaceChildren(...points.map((point) => element('tr', {}, columns.map((column) => {
    const value = column.of(point);
    const tone = column.name === 'verdict' ? (value === 'ok' ? ' good' : ' bad') : '';
    const shown = column.text ? (value === null ? '–' : text(value)) : number(value);
    const long = column.wrap && shown.length > kLongest;
    return element('td', Object.assign({class: (column.text ? 'text' : '') + (column.wrap ? ' wrap' : '') + tone}, long ? {title: shown} : {}),
        long ? shown.slice(0, kLongest) + '…' : shown);
  }))));
  const heads = columns.map((column) => element('th', {class: column.text ? 'text' : '', title: column.title, role: 'button', tabindex: '0'}, column.name));
  heads.forEach((head, index) => {
    const sort = () => {
      const up = head.getAttribute('aria-sort') !== 'ascending';
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      fill([...data.points].sort((a, b) => (up ? 1 : -1) * compare(columns[index].of(a), columns[index].of(b))));
    };
    head.addEventListener('click', sort);
    head.addEventListener('keydown', (event) => { if (event.key === 'Enter') sort(); });
  });
  fill(data.points);
  return element('section', {class: 'card'}, element('div', {class: 'scroll'},
      element('table', {}, element('thead', {}, element('tr', {}, heads)), body)));
}

function compare(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return typeof a === 'number' && typeof b === 'number' ? a - b : text(a).localeCompare(text(b));
}

const infeasible = data.points.length - done.length;
show(element('header', {}, element('div', {class: 'brand'}, 'Switchyard sweep'), element('h1', {}, data.title),
    data.subtitle ? element('p', {class: 'soft'}, data.subtitle) : null,
    element('ul', {class: 'verdict'}, element('li', {}, `${data.points.length} points`),
        element('li', {}, `over ${data.pointers.map(shortName).join(', ')}`),
        infeasible ? element('li', {class: 'bad'}, `${infeasible} without a result`) : null)),
    trust(done.map((point) => point.summary.trust)), notes(data.notes),
    done.length ? element('div', {class: 'charts', style: 'margin-top: 28px'}, curves(), firstToken(),
        paretoCard({groups, more, text: 'Every point; the dashed staircase joins those that no other beats in both.'})) : null,
    done.length ? costAndEnergy(best(), kBest) : null,
    done.length ? [element('h2', {}, 'Where the time goes'), element('div', {class: 'charts'},
        breakdownCard('Shares of the steps\u2019 time', kBest, best().map(({name, summary}) => ({name, breakdown: summary.breakdown}))))] : null,
    element('h2', {}, 'Points'), element('p', {class: 'soft'}, 'Choose a column\u2019s name to sort.'), element('div', {style: 'margin-top: 12px'}, pointTable()));
