// The page of `switchyard routing`: what the gates did, layer by layer and expert by expert.
'use strict';

const layers = data.routing.layers;

// Lines over the layers: [name, colour, value of a layer].
function layerChart(title, text, axisName, lines, limits) {
  return chartCard({title, text, option: () => ({
    grid: {left: 58, right: 22, top: 38, bottom: 44},
    legend: legend(),
    tooltip: tooltip({trigger: 'axis', formatter: (points) => [`layer ${points[0].value[0]}`, ...points.map((point) =>
      `${point.marker} ${echarts.format.encodeHTML(point.seriesName)} <b>${number(point.value[1])}</b>`)].join('<br>')}),
    xAxis: xAxis('Layer', {min: 'dataMin', max: 'dataMax', minInterval: 1}),
    yAxis: yAxis(axisName, Object.assign({scale: true}, limits)),
    series: lines.map(([name, tone, value, dashed]) => ({type: 'line', name, data: layers.map((layer) => [layer.layer, value(layer)]),
      showSymbol: layers.length < 3, color: colour(tone), lineStyle: {width: 1.8, type: dashed ? 'dashed' : 'solid'}})),
  })});
}

function layerCharts() {
  const ranks = data.routing.expert_ranks;
  const imbalance = [['busiest expert', 'c1', (layer) => layer.max_over_mean], ['EP8', 'c0', (layer) => layer.ep8_imbalance]];
  if (ranks > 1) imbalance.push([`${ranks} ranks`, 'c2', (layer) => layer.rank_imbalance]);
  return element('div', {class: 'charts'},
      layerChart('Imbalance', 'Largest load over the mean; EP8: 8 blocks, batches of 256 tokens.', 'max / mean', imbalance, {min: 1, scale: false}),
      layerChart('Entropy', 'Of the experts\u2019 load, by domain.', 'bits', [['gates', 'c3', (layer) => layer.entropy_bits],
        ['even load', 'c6', (layer) => Math.log2(layer.experts), true]]),
      layerChart('Overlap', 'Experts shared with the token before, same sequence.', 'experts',
          [['gates', 'c2', (layer) => layer.previous_token_overlap],
            ['uniform draws', 'c6', (layer) => layer.top_k ** 2 / layer.experts, true]], {min: 0, scale: false}),
      layerChart('Repeats', 'Tokens whose first choice is that of the token before.', 'share',
          [['gates', 'c4', (layer) => layer.first_choice_repeat],
            ['uniform draws', 'c6', (layer) => 1 / layer.experts, true]], {min: 0, scale: false}));
}

const facts = data.facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
show(element('header', {}, element('div', {class: 'brand'}, 'Switchyard routing'), element('h1', {}, data.title),
    element('dl', {class: 'facts'}, facts)), notes(data.notes),
layers.length ? [element('h2', {}, 'Experts'), heatMapCard(data.expert_load), element('h2', {}, 'Layer by layer'), layerCharts()] :
    element('p', {}, 'No layer of this model routes.'));
