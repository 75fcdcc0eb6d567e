// Draws one figure of a results study: columns of CSV files as an SVG that needs no script, for a README.
//
//   node sim/report/figure.mjs results/NN-question/figure.json
//
// The specification, whose paths are relative to itself (SVG: "output"):
//   { "title": "…", "subtitle": "…", "output": "figure.svg", "width": 860, "height": 500,
//     "x": {"column": "tokens_per_s_per_user", "name": "Tokens/s a user", "scale": "linear|log|category", "min": 0, "max": 100},
//     "y": {"column": "tokens_per_s_per_gpu", "name": "Output tokens/s a GPU"},
//     "data": [{"csv": "sweep.csv", "series": "/model", "label": "simulated {}", "style": "line|points|line+points|bars|cells",
//               "x": "column", "y": "column", "text": "column", "where": {"gpus": "8"}, "band": {"column": "trust.tpot_error", "along": "x|y"}}],
//     "lines": [{"y": 50, "name": "bound"}, {"x": 3}] }
// Cells are boxes on two axes of categories that hold the column "text". A column's factor: {"column": "ttft_s", "factor": 1000}. Series of the same value of "series" keep one colour through
// all files. A band is shaded as far from each point as the column says, a share of its x or y (default). Rows whose x or
// y is empty are left out. echarts is taken from NODE_PATH, else from the release build.
// Exit 2: the specification or a file is wrong.
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

const kColours = ['#0072b2', '#d55e00', '#009e73', '#b8679a', '#c98a00', '#4aa3d8', '#6b6f76', '#8a5a2b'];
const kSquare = 'path://M0,0L10,0L10,10L0,10Z';  // keeps its shape in the legend, which "rect" does not
const kSymbols = ['circle', kSquare, 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];
const kInk = '#1d2126', kSoft = '#5d6670', kLine = '#e3e4e0';
const kStyles = ['line', 'points', 'line+points', 'bars', 'cells'];

try {
  const specification = path.resolve(process.argv[2] || fail('usage', 'figure.mjs SPECIFICATION.json'));
  const spec = JSON.parse(readFileSync(specification, 'utf8'));
  const folder = path.dirname(specification);
  const output = path.join(folder, spec.output || fail(specification, '"output" is missing'));
  writeFileSync(output, svg(spec, folder));
  console.log(output);
} catch (error) {
  console.error(error.message);
  process.exit(2);
}

function svg(spec, folder) {
  const echarts = library();
  // Without a browser nothing knows a font's widths: assume a wide one, so that no texts run into each other.
  echarts.setPlatformAPI({measureText: (text, font) => ({width: widthOf(text) * (parseFloat(/([\d.]+)px/.exec(font)?.[1]) || 12)})});
  const chart = echarts.init(null, null, {renderer: 'svg', ssr: true, width: spec.width || 860, height: spec.height || 500});
  chart.setOption(option(spec, folder));
  const text = chart.renderToSVGString();
  chart.dispose();  // else its timers keep node from ending
  return text + '\n';
}

// In font sizes; a Chinese character, from which echarts takes the height of a line, is as wide as high.
function widthOf(text) {
  return [...text].reduce((sum, character) => sum + (character > '\u2e80' ? 1 : 0.6), 0);
}

function library() {
  const here = createRequire(import.meta.url);
  try {
    return here('echarts');
  } catch {
    return here('../../build/release/sim/report/node_modules/echarts');
  }
}

function option(spec, folder) {
  const series = spec.data.flatMap((part) => seriesOf(part, spec, folder));
  const keys = [...new Set(series.map((one) => one.key))];
  const legend = series.length > 1;
  const titles = [spec.title, spec.subtitle].filter(Boolean).length;
  const top = 18 + 22 * titles;
  return {
    animation: false, backgroundColor: '#ffffff', color: kColours,
    textStyle: {fontFamily: 'system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Liberation Sans, Arial, sans-serif'},
    title: {text: spec.title, subtext: spec.subtitle, left: 18, top: 12, itemGap: 5,
      textStyle: {color: kInk, fontSize: 16, fontWeight: 600}, subtextStyle: {color: kSoft, fontSize: 13}},
    legend: legend ? {top, left: 16, itemWidth: 22, itemHeight: 9, itemGap: 18, textStyle: {color: kInk, fontSize: 12.5}} : undefined,
    grid: {left: spec.y.scale === 'category' ? 130 : 76, right: 30, top: top + (legend ? 24 * Math.ceil(series.length / 5) + 12 : 14), bottom: 56},
    xAxis: axis(spec.x, {nameGap: 32}),
    yAxis: axis(spec.y, {nameGap: 54}),
    series: [...series.map((one, index) => drawn(one, keys.indexOf(one.key), index === 0 ? limits(spec.lines || []) : undefined)),
      ...series.filter((one) => one.errors.length > 1).map((one) => shaded(one, keys.indexOf(one.key)))],
  };
}

function axis(spec, extra) {
  const label = (value) => typeof value !== 'number' ? value : Math.abs(value) >= 1e4 ?
      `${Number((value / 1e3).toPrecision(4))}\u2009k` : String(Number(value.toPrecision(6)));
  return {type: {log: 'log', category: 'category'}[spec.scale] || 'value', name: spec.name || spec.column, nameLocation: 'middle',
    min: spec.min, max: spec.max, nameTextStyle: {color: kSoft, fontSize: 13},
    axisLine: {show: true, lineStyle: {color: kLine}}, axisTick: {show: false}, splitLine: {lineStyle: {color: kLine}},
    axisLabel: {color: kSoft, fontSize: 12, formatter: label}, ...extra};
}

function seriesOf(part, spec, folder) {
  const file = path.join(folder, part.csv);
  const rows = csvRows(readFileSync(file, 'utf8'));
  const style = part.style || 'line+points';
  if (!kStyles.includes(style)) fail(file, `unknown style "${style}"; choose one of ${kStyles.join(', ')}`);
  const column = (name) => !rows.length || name in rows[0] ? name : fail(file, `no column "${name}"; choose one of ${Object.keys(rows[0]).join(', ')}`);
  const x = column(part.x || spec.x.column), y = column(part.y || spec.y.column);
  const by = part.series ? column(part.series) : null;
  const band = part.band ? {of: column(part.band.column), along: part.band.along === 'x' ? 0 : 1} : null;
  for (const name of Object.keys(part.where || {})) column(name);
  const groups = new Map();
  for (const row of rows) {
    if (row[x] === '' || row[y] === '') continue;
    if (Object.entries(part.where || {}).some(([name, value]) => row[name] !== String(value))) continue;
    const key = by ? row[by] : part.label || part.csv;
    const place = (value, axis) => axis.scale === 'category' ? value : Number(value) * (axis.factor || 1);
    const group = groups.get(key) || {points: [], errors: []};
    group.points.push([place(row[x], spec.x), place(row[y], spec.y), ...(part.text ? [row[column(part.text)]] : [])]);
    if (band && row[band.of] !== '') group.errors.push(Number(row[band.of]));
    groups.set(key, group);
  }
  return [...groups].map(([key, {points, errors}]) => ({key, points, style, along: band?.along,
    errors: errors.length === points.length ? errors : [], name: by ? (part.label || '{}').replace('{}', key) : key}));
}

// A line there and back: what lies below both ways is passed twice, in opposite senses, and stays empty.
function shaded({name, points, errors, along}, index) {
  const edge = (sign) => points.map((point, i) => point.map((size, axis) => axis === along ? size * (1 + sign * errors[i]) : size));
  const there = edge(1);
  return {type: 'line', name, data: [...there, ...edge(-1).reverse(), there[0]], color: kColours[index % kColours.length], z: 1,
    symbol: 'none', silent: true, lineStyle: {width: 0}, areaStyle: {opacity: 0.12, origin: 'start'}};
}

function drawn({name, points, style}, index, markLine) {
  if (style === 'cells') return cells(name, points, index);
  const line = style.startsWith('line');
  const open = style === 'points';
  const colour = kColours[index % kColours.length];
  return {type: style === 'bars' ? 'bar' : line ? 'line' : 'scatter', name, data: points, color: colour,
    symbol: kSymbols[index % kSymbols.length], symbolSize: 8, showSymbol: style !== 'line', barMaxWidth: 36,
    lineStyle: {width: 2}, itemStyle: open ? {color: '#ffffff', borderColor: colour, borderWidth: 2} : {}, markLine};
}

function cells(name, points, index) {
  return {type: 'scatter', name, data: points, color: kColours[index % kColours.length] + '30', symbol: kSquare, symbolSize: [200, 84],
    label: {show: true, formatter: ({value}) => value[2], color: kInk, fontSize: 12.5, lineHeight: 17}};
}

function limits(lines) {
  if (!lines.length) return undefined;
  return {silent: true, symbol: 'none', lineStyle: {color: kSoft, type: 'dashed'},
    data: lines.map((line) => ({...(line.x === undefined ? {yAxis: line.y} : {xAxis: line.x}),
      label: {formatter: line.name || '', color: kSoft, fontSize: 12, position: 'insideEndTop'}}))};
}

// Rows as objects by column name; RFC 4180's quoting.
function csvRows(text) {
  const cells = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    cells[cells.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') cells.push([]);
  }
  const [header, ...rows] = cells;
  return rows.filter((row) => row.length === header.length).map((row) =>
      Object.fromEntries(header.map((name, index) => [name, row[index]])));
}

function fail(where, problem) { throw new Error(`${where}: ${problem}`); }
