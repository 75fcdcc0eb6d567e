// The page of one run: what was simulated, how fast it was, how that went over time, and where the time was spent.
'use strict';

const summary = data.summary;
const kFigures = [
  ['ttft', 'Time to first token'], ['tpot', 'Time per output token'],
  ['itl', 'Inter-token latency'], ['e2el', 'End-to-end latency'],
];

function header() {
  const facts = ['cluster', 'deployment', 'engine', 'workload'].filter((name) => data.description[name])
      .flatMap((name) => [element('dt', {}, name[0].toUpperCase() + name.slice(1)), element('dd', {}, data.description[name])]);
  return [element('header', {}, element('div', {class: 'brand'}, 'Switchyard run'),
      element('h1', {}, data.description.model), element('dl', {class: 'facts'}, facts), verdict()), trust([summary.trust]), notes(summary.notes)];
}

function verdict() {
  if (!summary.slo.length) return null;
  return element('ul', {class: 'verdict'}, summary.slo.map((row) => element('li', {class: row.met ? 'good' : 'bad'},
      row.actual_ms === null ? `${row.met ? '✓' : '✗'} ${boundName(row.bound)}: no samples` :
          `${row.met ? '✓' : '✗'} ${boundName(row.bound)} ${durationText(row.actual_ms)} ` +
          `${row.met ? '≤' : '>'} ${durationText(row.limit_ms)}`)));
}

function boundName(bound) {
  const [figure, statistic] = bound.split('_');
  return `${figure === 'e2el' ? 'E2E' : figure.toUpperCase()} ${statistic}`;
}

function tile(name, value, unit, more) {
  return element('div', {class: 'tile'}, element('div', {class: 'name'}, name),
      element('div', {class: 'value'}, value, unit ? element('span', {class: 'unit'}, unit) : null),
      element('div', {class: 'more'}, more || '\u00a0'));
}

function tiles() {
  const lost = [[summary.rejected, 'rejected'], [summary.unfinished, 'unfinished'], [summary.preemptions, 'preempted']]
      .filter(([count]) => count > 0).map(([count, what]) => `${number(count)} ${what}`).join(', ');
  const goodput = summary.slo.length ? `${number(summary.request_goodput)} within every bound` : null;
  const [ttft, ttftUnit] = duration(summary.p99_ttft_ms), [tpot, tpotUnit] = duration(summary.mean_tpot_ms);
  const largest = summary.breakdown.bottleneck;
  return element('div', {class: 'tiles'},
      tile('Output throughput', number(summary.output_throughput), 'tokens/s',
          `${number(summary.tokens_per_s_per_gpu)} a GPU, ${number(summary.gpus)} GPU${summary.gpus === 1 ? '' : 's'}`),
      tile('Requests', number(summary.request_throughput), '/s', goodput),
      tile('TTFT, p99', ttft, ttftUnit, summary.median_ttft_ms === null ? null : `median ${durationText(summary.median_ttft_ms)}`),
      tile('TPOT, mean', tpot, tpotUnit, summary.tokens_per_s_per_user === null ? null : `${number(summary.tokens_per_s_per_user)} tokens/s a user`),
      tile('Completed', number(summary.completed), null, lost || `of ${number(summary.submitted)}, in ${number(summary.duration)} s`),
      tile('Bottleneck', largest ? kParts[largest] : '–', null,
          largest ? `${number(100 * summary.breakdown.share[largest])} % of the time` : null));
}

function distributionChart([figure, title], index) {
  const values = data.latency_ms[figure];
  if (!values.length) return null;
  const [scale, unit] = values[values.length - 1] >= 3000 ? [1e-3, 's'] : [1, 'ms'];
  const points = values.map((value, i) => [value * scale, 100 * i / (values.length - 1)]);
  const limit = summary.slo.find((row) => row.bound.startsWith(figure + '_'));
  const text = ['median', 'p90', 'p99'].map((name) => `${name} ${durationText(summary[`${name}_${figure}_ms`])}`).join('  ·  ');
  return chartCard({title, text, option: () => ({
    grid: {left: 58, right: 22, top: 22, bottom: 44},
    tooltip: tooltip({trigger: 'axis', formatter: ([point]) =>
      `${number(point.value[1])} % within ${number(point.value[0])} ${unit}`}),
    xAxis: xAxis(`${figure === 'e2el' ? 'E2E' : figure.toUpperCase()} (${unit})`, {min: 0}),
    yAxis: yAxis(figure === 'itl' ? 'Tokens within (%)' : 'Requests within (%)', {min: 0, max: 100, interval: 25}),
    series: [{type: 'line', data: points, showSymbol: false, lineStyle: {width: 2}, color: colour('c' + [0, 1, 3, 2][index]),
      areaStyle: {opacity: 0.07}, markLine: limit ? limitLine(limit.limit_ms * scale, limit) : undefined}],
  })});
}

function limitLine(at, limit) {
  return {silent: true, symbol: 'none', lineStyle: {color: colour('soft'), type: 'dashed'},
    label: {formatter: `${limit.bound.split('_')[1]} bound`, color: colour('soft'), fontSize: 12}, data: [{xAxis: at}]};
}

// Means of three neighbours: what a narrow chart can show.
function coarser(values) {
  const groups = Array.from({length: Math.floor(values.length / 3)}, (_, i) => values.slice(3 * i, 3 * i + 3));
  return groups.length < 40 ? values : groups.map((group) => group.reduce((a, b) => a + b) / 3);
}

function timeChart({title, text, axisName, lines, wide, limits}) {
  const shown = wide ? (values) => values : coarser;
  const time = shown(data.series.time_s);
  return chartCard({title, text, wide, option: () => ({
    grid: {left: 66, right: 22, top: lines.length > 1 ? 38 : 18, bottom: 44},
    legend: lines.length > 1 ? legend() : undefined,
    tooltip: tooltip({trigger: 'axis', formatter: (points) => [`${number(points[0].value[0])} s`, ...points.map((point) =>
      `${point.marker} ${echarts.format.encodeHTML(point.seriesName)} <b>${number(point.value[1])}</b>`)].join('<br>')}),
    xAxis: xAxis('Time (s)', {min: 'dataMin', max: 'dataMax',
      axisLabel: {color: colour('soft'), fontSize: 12, hideOverlap: true, showMaxLabel: false, showMinLabel: false,
        formatter: axisNumber}}),
    yAxis: yAxis(axisName, Object.assign({min: 0}, limits)),
    series: lines.map(([name, values, tone]) => ({type: 'line', name, data: shown(values).map((value, i) => [time[i], value]),
      showSymbol: false, lineStyle: {width: 1.6}, color: colour(tone), areaStyle: {opacity: 0.07}})),
  })});
}

function overTime() {
  const series = data.series, total = data.kv_blocks_total;
  if (!series.time_s.length) return null;
  const use = total ? series.kv_blocks.map((blocks) => 100 * blocks / total) : series.kv_blocks;
  return [element('h2', {}, 'Over time'), element('div', {class: 'charts'},
      timeChart({title: 'Requests in the engine', axisName: 'Requests', wide: true,
        lines: [['running', series.running, 'c0'], ['waiting', series.waiting, 'c1']]}),
      timeChart({title: 'Decode', axisName: 'Tokens/s', lines: [['decode', series.decode_tokens_per_s, 'c2']]}),
      timeChart({title: 'Prefill', axisName: 'Tokens/s', lines: [['prefill', series.prefill_tokens_per_s, 'c4']]}),
      timeChart({title: 'KV cache in use', text: total ? `of ${number(total)} blocks` : null, wide: true,
        axisName: total ? 'Blocks in use (%)' : 'Blocks in use', lines: [['in use', use, 'c3']],
        limits: total && Math.max(...use) > 50 ? {max: 100} : {}}))];
}

function breakdown() {
  const {share, ms, bottleneck} = summary.breakdown;
  if (!bottleneck) return null;
  const parts = partsOf(share);
  const rows = parts.map((part) => element('li', {}, element('i', {style: paint(part)}), kParts[part],
      element('b', {}, `${number(100 * share[part])} %`), element('span', {class: 'soft'}, durationText(ms[part]))));
  return [element('h2', {}, 'Where the time went'), element('p', {class: 'soft'},
      'Shares of the steps\u2019 time; communication is the part that nothing else hides.'),
      element('section', {class: 'card', id: 'breakdown'}, partsBar(share, parts), element('ul', {class: 'legend'}, rows))];
}

function experts() {
  const map = data.expert_load;
  return map ? [element('h2', {}, 'Experts'), heatMapCard(map)] : null;
}

function network() {
  const map = data.network_map;
  return map ? [element('h2', {}, 'Network'), networkCard(map)] : null;
}

function latencyTable() {
  const statistics = [['mean', 'mean'], ['median', 'median'], ['p90', 'p90'], ['p99', 'p99'], ['std', 'std. deviation']];
  return element('section', {class: 'card wide'}, table([{name: '', text: true}, ...statistics.map(([, name]) => ({name}))],
      kFigures.map(([figure, title]) =>
        [title, ...statistics.map(([statistic]) => durationText(summary[`${statistic}_${figure}_ms`]))])));
}

function flattened(value, path) {
  if (value === null || typeof value !== 'object') return [[path, value === null ? 'null' : String(value)]];
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return [[path, value.join(', ')]];
  return Object.entries(value).flatMap(([key, item]) => flattened(item, path ? `${path}.${key}` : key));
}

function everything() {
  return element('details', {}, element('summary', {}, 'Every figure of summary.json'),
      table([{name: 'figure', text: true}, {name: 'value'}], flattened(summary, '')));
}

const distributions = kFigures.map(distributionChart).filter((card) => card);
show(header(), tiles(), element('h2', {}, 'Latency'), element('div', {class: 'charts'}, distributions, latencyTable()),
    overTime(), breakdown(), network(), expertParallelism(), experts(), everything());
