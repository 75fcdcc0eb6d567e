// Expert parallelism: the time lost to it, how busy each rank's links were, and each rank's load.
'use strict';

const kLinksOfRank = [
  ['in_node_out', 'to its node'], ['in_node_in', 'from its node'], ['fabric_out', 'to the fabric'], ['fabric_in', 'from the fabric'],
];
const kRankWidth = 1100, kRankLeft = 108, kRankRow = 26, kMostRankCells = 495;  // cells of at least 2 px

// Columns of [value, rank]: a rank, or the busiest of `group` neighbours.
function rankColumns(values, group) {
  return Array.from({length: Math.ceil(values.length / group)}, (_, column) =>
    values.slice(column * group, (column + 1) * group).map((value, i) => [value, column * group + i])
        .reduce((a, b) => b[0] > a[0] ? b : a));
}

// "rank 3", with the replica or stage where there are several: lists go through replicas, stages and ranks.
function rankName(index, ranks) {
  return `rank ${index % ranks}` + (index >= ranks || summary.gpus > ranks ? ` of group ${Math.floor(index / ranks)}` : '');
}

function rankCells([kind, name], row, values, group, ranks, shade) {
  const columns = rankColumns(values, group), width = (kRankWidth - kRankLeft) / columns.length, top = row * kRankRow;
  const gap = width > 6 ? 1 : 0;
  const cells = columns.map(([value, index], column) => vector('rect',
      {'data-kind': kind, x: kRankLeft + column * width, y: top, width: width - gap, height: kRankRow - 1, fill: shade(value)},
      vector('title', {}, `${rankName(index, ranks)}${group > 1 ? `, the busiest of ${group}` : ''}: its links ${name} were busy ${percentText(value)} of the time`)));
  return [vector('text', {class: 'name', x: kRankLeft - 10, y: top + 17}, name), ...cells];
}

function rankTicks(count, top) {
  const width = (kRankWidth - kRankLeft) / count, step = labelStep(width, 34);
  return Array.from({length: Math.ceil(count / step)}, (_, i) =>
    vector('text', {x: kRankLeft + (i * step + 0.5) * width, y: top + 15}, String(i * step)));
}

// matrix: {in_node_out: [share of the time, a rank], …}; null: those links do not exist.
function rankLinksCard(matrix, ranks) {
  const rows = kLinksOfRank.filter(([kind]) => matrix[kind]);
  const count = matrix.in_node_out.length, group = Math.ceil(count / kMostRankCells), height = rows.length * kRankRow;
  const box = element('div', {}), scale = element('div', {});
  const draw = () => {
    const limit = utilisationLimit(rows.flatMap(([kind]) => matrix[kind].map((utilisation) => ({utilisation}))));
    const shade = utilisationColours(limit);
    box.replaceChildren(vector('svg', {viewBox: `0 0 ${kRankWidth} ${height + 40}`, role: 'img', 'aria-label': 'How busy the links of each rank were'},
        ...rows.flatMap((row, index) => rankCells(row, index, matrix[row[0]], group, ranks, shade)), ...rankTicks(count, height),
        vector('text', {x: (kRankLeft + kRankWidth) / 2, y: height + 35}, count > ranks ? 'Expert rank, replica after replica' : 'Expert rank')));
    scale.replaceChildren(networkScale(limit, shade));
  };
  mounted.push({draw});
  return element('section', {class: 'card wide', id: 'rank-links'},
      element('div', {class: 'top'}, element('h3', {}, 'Each rank\u2019s links by the share of the time that they were busy'), scale),
      element('p', {class: 'soft'}, 'A rank\u2019s first and last links: to and from its own node, of several the busiest, and its NIC. Ranks that share a NIC show its whole load.'), box);
}

function rankLoadsChart(loads, before) {
  const lines = [['load', loads, 'c0'], ...before ? [['without EPLB', before, 'c1']] : []];
  const most = (values) => `${number(Math.max(...values))}\u2009×`;
  return chartCard({title: 'Load of each rank, relative to the mean', wide: true,
    text: `In the long run, all layers together: the busiest has ${most(loads)} the mean${before ? `, without EPLB ${most(before)}` : ''}.`,
    option: () => ({
      grid: {left: 66, right: 22, top: before ? 38 : 18, bottom: 44},
      legend: before ? legend() : undefined,
      tooltip: tooltip({trigger: 'axis', formatter: (points) => [`rank ${points[0].dataIndex}`, ...points.map((point) =>
        `${point.marker} ${echarts.format.encodeHTML(point.seriesName)} <b>${number(point.value)}\u2009×</b>`)].join('<br>')}),
      xAxis: xAxis('Expert rank', {type: 'category', data: loads.map((_, rank) => String(rank)), axisLabel: {color: colour('soft'), fontSize: 12}}),
      yAxis: yAxis('Load / mean', {min: 0}),
      series: lines.map(([name, data, tone], index) => index === 0 ? {type: 'bar', name, data, color: colour(tone), barMaxWidth: 34} :
        {type: 'line', step: 'middle', name, data, color: colour(tone), showSymbol: false, lineStyle: {width: 1.6}}),
    })});
}

// In one sentence; what pipeline stages lose side by side is no part of the steps' time, and not told.
function lostTime({routing, network, breakdown}) {
  const of = (seconds) => `${durationText(1e3 * seconds)} (${number(1e5 * seconds / breakdown.total_ms)}\u2009%)`;
  const waits = routing.lost_to_imbalance_s, hidden = network.hidden_communication_s;
  const busiest = network.busiest_links[0];
  return [`Of ${durationText(breakdown.total_ms)} of steps, `,
    waits === null || waits === undefined ? '' : `${of(waits)} were lost to imbalance, waiting for the busiest rank, and `,
    `${of(network.exposed_communication_s)} to communication`,
    hidden ? `; ${durationText(1e3 * hidden)} more were hidden beside work` : '', '.',
    busiest ? ` The bottleneck among the links: ${busiest.name}, busy ${percentText(busiest.utilisation)} of the time.` : ''].join('');
}

function expertParallelism() {
  const matrix = summary.network.rank_link_utilisation, loads = summary.routing.rank_loads;
  if (!matrix || !loads || !loads.length || !(summary.breakdown.total_ms > 0)) return null;
  return [element('h2', {}, 'Expert parallelism'), element('p', {class: 'soft', id: 'lost'}, lostTime(summary)),
    rankLinksCard(matrix, loads.length), element('div', {class: 'charts'}, rankLoadsChart(loads, summary.routing.rank_loads_without_eplb))];
}
