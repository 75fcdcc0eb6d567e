// The page of a plan: the verdict, the cheapest deployment of each model, who wins at which demand, the frontier, and what
// would change the answer. The data is plan.json.
'use strict';

const {winners, crossover, frontier, sensitivity} = data;
const kKinds = {dense: 'Dense', moe: 'MoE', hybrid: 'hybrid'};
const kindOf = (row) => kKinds[row.kind] || row.kind;
const rate = (value) => `${number(value)}/s`;
const dollars = (value) => known(value) ? `$${number(value)}` : '–';
const label = data.objective_label;
const valued = (value, unit) => !known(value) ? '–' : unit.startsWith('$') ? `$${number(value)}${unit.slice(1)}` : `${number(value)} ${unit}`;
for (const {model} of [...winners, ...data.by_gpu]) placeOf(model);
const manyPrecisions = data.by_gpu.some((row) => data.by_gpu.some(({model, gpu, precision}) => model === row.model && gpu === row.gpu && precision !== row.precision));
const layoutOf = ({layout, precision}) => manyPrecisions && precision ? `${layout}, ${precision}` : layout;

function header() {
  const {counts, budget, demand_requests_per_s: demand} = data;
  const facts = [['Traffic', data.workload], ['Targets', data.slo], ['Objective', data.objective.replaceAll('_', ' ')],
    ['Budget', budget.gpus ? `${number(budget.gpus)} GPUs` : `${dollars(budget.usd_per_hour)} an hour`], ['Demand', known(demand) ? `${number(demand)} requests/s` : 'as much as can be served']];
  const pills = [[counts.layouts, 'layouts'], [counts.candidates, 'candidates'], [counts.does_not_fit, 'do not fit'], [counts.bound, 'ruled out by the bound'],
    [counts.simulations, 'simulations'], [counts.simulations_spared, 'more spared by the bound']].filter(([count]) => known(count));
  return element('header', {}, element('div', {class: 'brand'}, 'Switchyard plan'), element('h1', {}, data.title),
      data.question ? element('p', {class: 'soft'}, data.question) : null,
      element('dl', {class: 'facts'}, facts.filter(([, text]) => text).flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)])),
      element('ul', {class: 'verdict'}, pills.map(([count, text]) => element('li', {}, `${number(count)} ${text}`))));
}

// The cheapest deployment of each model, best first.
function winnersTable() {
  if (!winners.length) {
    return [element('h2', {}, 'No deployment meets the targets'), data.nearest ? element('p', {}, data.nearest.text) : null];
  }
  const columns = ['model', 'deployment', label, 'goodput', '$ / M output', 'J a token', 'tokens/s a GPU', 'tokens/s a user', 'TTFT', 'TPOT'];
  const bound = (row, figure) => {
    const found = (row.slo || []).find(({bound: name}) => name.startsWith(figure));
    return found ? durationText(found.value_ms) : '–';
  };
  const rows = winners.map((row, index) => [
    element('span', {}, row.model, ' ', element('span', {class: 'soft'}, kindOf(row)), index === 0 ? element('b', {class: 'badge good'}, 'best') :
      row.ties_with_best ? element('b', {class: 'badge'}, 'tie') : null),
    element('span', {}, `${number(row.gpus)} × ${row.gpu}`, element('div', {class: 'soft'}, layoutOf(row))), `${number(row.objective)}${known(row.error) && label !== 'GPUs' ? ` ±\u2009${percent(row.error)}` : ''}`,
    known(row.goodput_requests_per_s) ? `${rate(row.goodput_requests_per_s)}${known(row.headroom) ? ` (+${percent(row.headroom)})` : ''}` : '–',
    dollars(row.usd_per_million_output_tokens), number(row.energy_per_output_token_j), number(row.tokens_per_s_per_gpu), number(row.tokens_per_s_per_user),
    bound(row, 'ttft'), bound(row, 'tpot')]);
  return [element('h2', {}, 'The best deployment of each model'),
    element('p', {class: 'soft'}, 'Best first. A tie cannot be told from the best within the simulator\u2019s stated error.'),
    element('section', {class: 'card', id: 'winners'}, table(columns.map((name, index) => ({name, text: index < 2})), rows))];
}

// As wide as a range is on a logarithmic scale; what begins at nothing begins at a part of its end.
const spanOf = ({from_requests_per_s: from, to_requests_per_s: to}) => Math.max(0.2, Math.log(to / (from > 0 ? from : to / 8)));

// Which model is cheapest at which demand, and what each needs.
function demandMap() {
  if (!crossover || !crossover.segments.length) return null;
  const strip = element('div', {class: 'segments'}, crossover.segments.map((segment) => element('div', {
    title: `${segment.model} on ${segment.gpu}`,
    style: `background: var(--c${placeOf(segment.model) % kMany}); flex: ${spanOf(segment).toFixed(4)}`,
  }, element('b', {}, segment.model), element('br'), `${kindOf(segment)}, ${segment.gpu}`, element('br'),
  `${number(segment.from_requests_per_s)} to ${rate(segment.to_requests_per_s)}`)));
  const groups = new Map(crossover.curves.filter(({points}) => points.length).map(({model, points}) => [model, points.map((point) => ({name: model, point, summary: {}}))]));
  const values = [...groups.values()].flat().map(({point}) => point.value).filter((value) => value > 0);
  const wide = Math.max(...values) / Math.min(...values) > 30;
  const changes = crossover.dense_to_moe_requests_per_s || [];
  const option = () => {
    const series = lines(groups, ({point}) => point.requests_per_s, ({point}) => point.value).map((one) => ({...one, step: 'end', symbolSize: 5}));
    if (changes.length && series.length) {
      series[0].markLine = {silent: true, symbol: 'none', lineStyle: {color: colour('soft'), type: 'dashed'},
        label: {formatter: 'Dense to MoE', position: 'insideEndTop', color: colour('soft'), fontSize: 12}, data: changes.map((xAxis) => ({xAxis}))};
    }
    return {...frame(groups, ({point}) => [['demand', rate(point.requests_per_s)], ['needs', valued(point.value, crossover.objective_label)]]),
      xAxis: xAxis('Demand (requests/s)', {min: 0}), yAxis: yAxis(crossover.objective_label, {nameGap: 52, ...(wide ? {type: 'log'} : {min: 0})}), series};
  };
  return [element('h2', {}, 'Who wins at which demand'), crossover.text ? element('p', {class: 'soft'}, crossover.text) : null,
    element('section', {class: 'card', id: 'crossover'}, element('h3', {}, 'The cheapest by demand'), strip), element('div', {class: 'charts'},
        groups.size ? chartCard({title: 'What each model needs', wide: true, option, text: 'Each step up is a further replica; a line ends where the budget does.'}) : null)];
}

const more = ({summary}) => [...(summary.layout ? [['layout', `${number(summary.gpus)} × ${summary.gpu}, ${layoutOf(summary)}`]] : []),
  ['load', rate(summary.rate_requests_per_s)], ['tokens/s a GPU', number(summary.tokens_per_s_per_gpu)], ['tokens/s a user', number(summary.tokens_per_s_per_user)],
  ['TTFT p99', durationText(summary.ttft_p99_ms)], ['TPOT p99', durationText(summary.tpot_p99_ms)]];

// The loads simulated of each winner; without them its model's points.
function winnerGroups() {
  return new Map(winners.map((winner) => {
    const own = winner.curve && winner.curve.length ? winner.curve : (frontier.find(({model}) => model === winner.model) || {points: []}).points;
    const points = own.map((summary) => ({name: winner.model, summary: {...summary, trust: winner.trust}}));
    return [winner.model, points.sort((a, b) => a.summary.rate_requests_per_s - b.summary.rate_requests_per_s)];
  }).filter(([, points]) => points.length));
}

function curves(groups) {
  const points = [...groups.values()].flat();
  const chart = (title, wide, figures, figure, along, axes) => chartCard({title, wide, tall: wide, text: bandText(points, figure).trim(), option: () => {
    const series = lines(groups, ({summary}) => summary[figures[0]], ({summary}) => summary[figures[1]]);
    return {...frame(groups, more), ...axes(), series: [...series, ...bands(series, (point) => uncertainty(point, figure), along)]};
  }});
  const grid = () => ({show: true, lineStyle: {color: colour('grid')}});
  const byLoad = (name) => () => ({xAxis: xAxis('Load (requests/s)', {min: 0}), yAxis: yAxis(name, {min: 0, nameGap: 52})});
  return [chart('Throughput against speed', true, ['tokens_per_s_per_user', 'tokens_per_s_per_gpu'], 'tpot', 0, () => ({
    xAxis: xAxis(kAxes.tokens_per_s_per_user, {min: 0, splitLine: grid()}), yAxis: yAxis(kAxes.tokens_per_s_per_gpu, {min: 0, nameGap: 52})})),
  chart('First token against load', false, ['rate_requests_per_s', 'ttft_p99_ms'], 'ttft', 1, byLoad('TTFT p99 (ms)')),
  chart('Time between tokens against load', false, ['rate_requests_per_s', 'tpot_p99_ms'], 'tpot', 1, byLoad('TPOT p99 (ms)'))];
}

// Models by GPU types: what the cheapest of each needs, or why there is none.
function gpuMap() {
  if (!data.by_gpu.length) return null;
  const gpus = [...new Set(data.by_gpu.map(({gpu}) => gpu))], models = [...new Set(data.by_gpu.map(({model}) => model))];
  const badge = ({model, gpu, precision, ties_with_best: tie}) => {
    const [best] = winners, own = best && best.model === model && best.gpu === gpu && best.precision === precision;
    return own ? element('b', {class: 'badge good'}, 'best') : tie ? element('b', {class: 'badge'}, 'tie') : null;
  };
  const cell = (model, gpu) => {
    const rows = data.by_gpu.filter((row) => row.model === model && row.gpu === gpu);
    return rows.length ? rows.map((row) => rows.length > 1 ? element('div', {}, element('span', {class: 'soft'}, `${row.precision} `), answer(row)) : answer(row)) : '–';
  };
  const answer = (found) => {
    const own = found.deployment;
    return own ? element('span', {class: 'fits', title: own.layout || ''}, `${number(own.gpus)} GPU${own.gpus === 1 ? '' : 's'}`, known(own.usd_per_hour) ? `, ${dollars(own.usd_per_hour)}/h` : '', badge(found)) :
      element('span', {class: 'soft', title: found.reason || ''}, found.verdict);
  };
  return [element('h2', {}, 'Models on GPU types'), element('section', {class: 'card', id: 'by-gpu', style: 'margin-top: 12px'},
      table([{name: '', text: true}, ...gpus.map((name) => ({name}))], models.map((model) => [model, ...gpus.map((gpu) => cell(model, gpu))])))];
}

function sensitivityTable() {
  if (!sensitivity.length) return null;
  const models = [...new Set(sensitivity.flatMap(({values}) => values.map(({model}) => model)))];
  const cell = (row, model) => {
    const value = row.values.find((one) => one.model === model);
    if (!value) return '–';
    const after = known(value.objective) ? number(value.objective) : 'none';
    const carries = known(value.goodput_ratio) && value.goodput_ratio > 0 && Math.abs(value.goodput_ratio - 1) >= 0.05;
    return element('span', {title: value.reason || ''}, value.objective === value.before ? after :
      [`${known(value.before) ? number(value.before) : 'none'} → `, element('b', {}, after)],
    carries ? element('div', {class: 'soft'}, `carries × ${number(value.goodput_ratio)}`) : value.reason ? element('div', {class: 'soft'}, value.reason) : null);
  };
  const columns = [{name: 'change', text: true}, {name: 'best then', text: true}, ...models.map((name) => ({name}))];
  return [element('h2', {}, 'What would change the answer'),
    element('p', {class: 'soft'}, `${label} of each model\u2019s best deployment, simulated anew unless the change is one of a price; below it, how many times as much a replica carries where that moves by 5 % or more.`),
    element('section', {class: 'card', id: 'sensitivity', style: 'margin-top: 12px'}, table(columns, sensitivity.map((row) => [row.change,
      element('span', {class: row.winner_changes ? 'changed' : ''}, row.winner || (row.winner_changes ? 'no model' : 'not known'), row.winner_changes ? element('b', {class: 'badge bad'}, 'changes') : null,
          row.best_of_others ? element('div', {class: 'soft'}, `of the others ${row.best_of_others}`) : null),
      ...models.map((model) => cell(row, model))])))];
}

// From which price of a GPU type on another deployment's tokens would cost least.
function pricesTable() {
  const {prices} = data;
  if (!prices) return null;
  const turn = (row) => {
    if (row.level_with) return element('span', {}, 'any change decides', element('div', {class: 'soft'}, `as cheap as ${row.level_with}`));
    if (!known(row.turns_at_usd_per_gpu_hour)) return 'no price changes it';
    const share = row.turns_at_usd_per_gpu_hour / row.usd_per_gpu_hour - 1;
    return element('span', {}, `${dollars(row.turns_at_usd_per_gpu_hour)} (${share > 0 ? '+' : '\u2212'}${percent(Math.abs(share))})`, element('div', {class: 'soft'}, `then ${row.turns_to}`));
  };
  const columns = [{name: 'GPU type', text: true}, {name: '$ / GPU-hour'}, {name: 'cheapest on it', text: true}, {name: '$ / M output with prompts'}, {name: '20 % cheaper'}, {name: '20 % dearer'},
    {name: 'the cheapest changes at'}];
  return [element('h2', {}, 'What other prices would change'), element('p', {class: 'soft'}, prices.text), element('section', {class: 'card', id: 'prices', style: 'margin-top: 12px'},
      table(columns, prices.rows.map((row) => [row.gpu, dollars(row.usd_per_gpu_hour), manyPrecisions && row.precision ? `${row.model} in ${row.precision}` : row.model, dollars(row.usd_per_million_output_tokens_with_prompts), dollars(row.when_20_percent_cheaper),
        dollars(row.when_20_percent_dearer), turn(row)])))];
}

const groups = winnerGroups();
const fronts = new Map(frontier.map(({model, points}) => [model, points.map((summary) => ({name: model, summary}))]));
const named = winners.map((winner) => ({name: winner.model, summary: {...winner, trust: winner.trust || {}}}));
show(header(), sentences(data.verdict), trust(winners.map((winner) => winner.trust)), notes(data.notes || []), winnersTable(), demandMap(),
    fronts.size || groups.size ? [element('h2', {}, 'Throughput and latency'), element('div', {class: 'charts'},
        fronts.size ? paretoCard({groups: fronts, more, text: 'All layouts and loads that some figure speaks for; the dashed staircase joins those that no other beats in both.'}) : null,
        groups.size ? curves(groups) : null)] : null,
    costAndEnergy(named, 'Of each model\u2019s best deployment.'),
    winners.some(({breakdown}) => breakdown) ? [element('h2', {}, 'Where the time goes'), element('div', {class: 'charts'}, breakdownCard('Shares of the steps\u2019 time',
        'Of each model\u2019s best deployment.', winners.map(({model, breakdown}) => ({name: model, breakdown}))))] : null,
    gpuMap(), sensitivityTable(), pricesTable());
