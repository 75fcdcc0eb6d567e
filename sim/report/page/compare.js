// The page of a comparison: the verdict, the survey's table, and the figures behind them.
'use strict';

const {scenarios, survey, verdict, inputs, figures} = data.comparison;
const ran = scenarios.map((scenario, index) => ({...scenario, summary: data.summaries[index]})).filter(({summary}) => summary);

// Single steps of more and more users: what a scenario gives each of them, and what it gives all.
function decodeGroups() {
  return new Map(ran.filter(({probes}) => probes && probes.decode.length).map(({name, probes, summary}) => [name, probes.decode.map((step) => ({
    name: `${name}, ${step.users} user${step.users === 1 ? '' : 's'}`, step,
    summary: {tokens_per_s_per_user: 1000 / step.step_ms, tokens_per_s_per_gpu: step.tokens_per_s / summary.gpus, mean_tpot_ms: step.step_ms,
      trust: summary.trust},
  }))]));
}

const more = ({step, summary}) => [[step ? 'step' : 'TPOT', durationText(summary.mean_tpot_ms)], ['tokens/s a GPU', number(summary.tokens_per_s_per_gpu)],
  ...(step ? stepRows(step) : [])];

const stepRows = (step) => [['communication', percent(step.communication_share)], ['memory read a token', `${number(step.bytes_per_token / 1e9)}\u2009GB`],
  ...(step.active_experts === null ? [] : [['experts in use', number(step.active_experts)]])];

function decodeCurves(groups) {
  const x = (point) => point.summary.tokens_per_s_per_user, y = (point) => point.summary.tokens_per_s_per_gpu;
  const option = () => {
    const series = lines(groups, x, y);
    return {...frame(groups, more), xAxis: xAxis(kAxes.tokens_per_s_per_user, {min: 0, splitLine: {show: true, lineStyle: {color: colour('grid')}}}),
      yAxis: yAxis(kAxes.tokens_per_s_per_gpu, {min: 0, nameGap: 52}),
      series: [...series, ...bands(series, (point) => uncertainty(point, 'tpot'), 0)]};
  };
  return chartCard({title: 'Decode throughput against speed', wide: true, tall: true, option,
    text: `Single decode steps of 1, 8, 64 and 256 users, as many as fit.${bandText([...groups.values()].flat(), 'tpot')}`});
}

// Where more users stop being free.
function growth(groups) {
  const option = () => {
    const series = lines(groups, ({step}) => step.users, ({step}) => step.step_ms);
    return {...frame(groups, more), xAxis: xAxis('Users at once', {type: 'log', min: 1, max: 'dataMax'}), yAxis: yAxis('Decode step (ms)', {min: 0, nameGap: 52}),
      series: [...series, ...bands(series, (point) => uncertainty(point, 'tpot'), 1)]};
  };
  return chartCard({title: 'A decode step as users join', option,
    text: 'Flat: each further user is free. Rising: more experts or KV cache are read, or arithmetic is the limit.'});
}

function experts(groups) {
  const routed = new Map([...groups].map(([name, points]) => [name, points.filter(({step}) => known(step.bytes_per_token))]));
  return chartCard({title: 'Memory read a token', text: 'Weights in use and KV cache, of all GPUs together.', option: () => ({
    ...frame(routed, more), xAxis: xAxis('Users at once', {type: 'log', min: 1, max: 'dataMax'}), yAxis: yAxis('GB a token', {type: 'log', nameGap: 52}),
    series: lines(routed, ({step}) => step.users, ({step}) => step.bytes_per_token / 1e9)})});
}

// A row that begins a group stands below the group's name.
function surveyTable() {
  const head = element('tr', {}, element('th', {class: 'text'}, ''), scenarios.map(({name}) => element('th', {}, name)));
  const body = survey.flatMap((row, index) => [
    index === 0 || survey[index - 1].group !== row.group ?
      element('tr', {}, element('td', {class: 'text group', colspan: String(scenarios.length + 1)}, row.group)) : null,
    element('tr', {}, element('td', {class: 'text'}, row.name), row.cells.map((cell) => element('td', {}, cell.text === '-' ? '–' : cell.text)))]);
  return element('section', {class: 'card', id: 'survey'}, element('div', {class: 'scroll'}, element('table', {}, element('thead', {}, head), element('tbody', {}, body))));
}

function cells(value) {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : typeof value === 'boolean' ? String(value) : number(value);
}

function rowsTable(rows) {
  return table([{name: '', text: true}, ...scenarios.map(({name}) => ({name})), {name: 'spread'}],
      rows.map(({name, unit, values, spread}) => [unit ? `${name} (${unit})` : name, ...values.map(cells), spread === null ? '' : percent(spread)]));
}

function latencies() {
  const rows = (key, error) => ran.map(({name, summary}) => ({name, value: summary[key], error: summary.trust && summary.trust[error]}));
  const ms = (value) => durationText(value);
  return [barsCard('Time to the first token', 'Median of the run, with the error of the nearest measured configuration.', rows('median_ttft_ms', 'ttft_error'), ms),
    barsCard('Time between tokens', 'Mean TPOT of the run, with that error.', rows('mean_tpot_ms', 'tpot_error'), ms)];
}

function word({verdict: outcome, reason, summary}) {
  if (!summary) return ['bad', reason ? `${outcome}: ${reason}` : outcome];
  return summary.slo_met === false ? ['bad', 'misses its targets'] : summary.slo_met === true ? ['good', 'meets its targets'] : ['', outcome];
}

// The steps, and the runs themselves.
function allGroups() {
  return new Map(ran.map(({name, summary}) => [name, [...(groups.get(name) || []), {name: `${name}, the run`, summary}]]));
}

const groups = decodeGroups();
show(element('header', {}, element('div', {class: 'brand'}, 'Switchyard compare'), element('h1', {}, data.title),
    element('ul', {class: 'verdict'}, scenarios.map((scenario, index) => {
      const [tone, text] = word({...scenario, summary: data.summaries[index]});
      return element('li', {class: tone}, `${scenario.name}: ${text.length > 90 ? text.slice(0, 90) + '…' : text}`);
    })), element('dl', {class: 'facts'}, data.facts.flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)]))),
    sentences(verdict), trust(ran.map(({summary}) => summary.trust)), notes(data.notes),
    element('h2', {}, 'Side by side'), element('div', {style: 'margin-top: 12px'}, surveyTable()),
    ran.length ? [element('h2', {}, 'Throughput and latency'), element('div', {class: 'charts'},
        groups.size ? [decodeCurves(groups), growth(groups), experts(groups)] : null, latencies(),
        paretoCard({groups: allGroups(), more, text: 'The same steps and each run; the dashed staircase joins those that no other beats in both.'}))] : null,
    ran.length ? costAndEnergy(ran, 'Of the run.') : null,
    ran.length ? [element('h2', {}, 'Where the time goes'), element('div', {class: 'charts'}, breakdownCard('Shares of the steps\u2019 time',
        'Of each run; communication is the part that nothing else hides.', ran.map(({name, summary}) => ({name, breakdown: summary.breakdown}))))] : null,
    element('h2', {}, 'What differs in the scenarios'), element('section', {class: 'card', style: 'margin-top: 12px'}, rowsTable(inputs)),
    element('details', {}, element('summary', {}, 'Every figure, those that differ most first'), rowsTable(figures)));
