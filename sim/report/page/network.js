// The cluster's links: places (nodes) side by side, switches between them above; a link's colour is how busy it was, its
// width its bandwidth. Drawn as SVG of its own: the charts' library in the page has no graphs.
'use strict';

const kNetworkWidth = 1100, kRowHeight = 74, kNetworkMargin = 34, kArcMargin = 62, kPlaceGap = 14;

function vector(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child));
  return node;
}

// The end of the scale: the highest utilisation, rounded up to 1, 2 or 5 of its power of ten.
function utilisationLimit(links) {
  const most = Math.min(1, Math.max(...links.map((link) => link.utilisation)));
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return Math.min(1, [1, 2, 5, 10].find((step) => step * power >= most * (1 - 1e-9)) * power);
}

function utilisationColours(limit) {
  const [idle, busy] = [channels(colour('line')), channels(colour('hot'))];
  return (utilisation) => {
    const part = Math.min(1, Math.max(0, utilisation / limit)) ** 0.7;
    return `rgb(${idle.map((from, i) => Math.round(from + (busy[i] - from) * part)).join()})`;
  };
}

// Where each device stands: those of a place within its share of the width, the others over all of it.
function placeDevices(devices, rows, margin) {
  const inside = (place) => devices.filter((device) => device.place === place);
  const columns = (list) => Math.max(...rows.map((_, row) => list.filter((device) => device.row === row).length));
  const places = [...new Set(devices.map((device) => device.place).filter((place) => place))]
      .map((name) => ({name, weight: Math.max(2, columns(inside(name)))}));
  const unit = (kNetworkWidth - kPlaceGap * (places.length - 1)) / places.reduce((sum, place) => sum + place.weight, 0);
  let left = 0;
  for (const place of places) {
    Object.assign(place, {left, width: place.weight * unit});
    left += place.width + kPlaceGap;
  }
  const at = new Map();
  for (const share of [...places, {name: '', left: 0, width: kNetworkWidth}])
    rows.forEach((_, row) => inside(share.name).filter((device) => device.row === row).forEach((device, i, list) =>
      at.set(device, {x: share.left + share.width * (i + 0.5) / list.length, y: margin + (rows.length - 1 - row) * kRowHeight})));
  return {places, at};
}

// A straight line between rows, an arc within one: away from the other rows.
function linkPath(a, b, above) {
  if (a.y !== b.y) return `M${a.x} ${a.y}L${b.x} ${b.y}`;
  const bend = (above ? -1 : 1) * Math.min(40, 12 + Math.abs(a.x - b.x) / 12);
  return `M${a.x} ${a.y}Q${(a.x + b.x) / 2} ${a.y + 2 * bend} ${b.x} ${b.y}`;
}

const percentText = (share) => `${number(100 * share)}\u2009%`;

function linkTip(link) {
  const some = link.count > 1 ? `${number(link.count)} links, the busiest ${link.name}` : link.name;
  return `${some}\n${link.kind}, ${link.bandwidth} each way\nbusy ${percentText(link.utilisation)} of the time` +
    (link.count > 1 ? `, ${percentText(link.mean_utilisation)} on average` : '');
}

function drawLinks(map, at, shade) {
  const widest = Math.max(...map.links.map((link) => link.bytes_per_s));
  return map.links.slice().sort((a, b) => a.utilisation - b.utilisation).map((link) => {
    const [from, to] = [map.devices[link.from], map.devices[link.to]];
    const width = Math.max(1.2, 5 * Math.sqrt(link.bytes_per_s / widest)), several = link.count > 1 ? {'stroke-dasharray': '7 3'} : {};
    return vector('path', {d: linkPath(at.get(from), at.get(to), from.place === ''), stroke: shade(link.utilisation), 'stroke-width': width, ...several},
        vector('title', {}, linkTip(link)));
  });
}

function drawDevices(map, at, rows) {
  const crowded = rows.map((_, row) => map.devices.filter((device) => device.row === row).length > 24);
  return map.devices.flatMap((device) => {
    const {x, y} = at.get(device), size = device.count > 1 ? 9 : 6.5;
    const mark = device.kind === 'gpu' ? vector('rect', {class: `device ${device.kind}`, x: x - size, y: y - size, width: 2 * size, height: 2 * size, rx: 2}) :
      vector('circle', {class: `device ${device.kind}`, cx: x, cy: y, r: size});
    mark.append(vector('title', {}, [device.place, device.name].filter((part) => part).join(', ')));
    const label = crowded[device.row] && device.count === 1 ? null : vector('text', {x, y: y - size - 5}, device.name);
    return label ? [mark, label] : [mark];
  });
}

function drawPlaces(map, places, at) {
  return places.flatMap(({name, left, width}) => {
    const heights = map.devices.filter((device) => device.place === name).map((device) => at.get(device).y);
    const top = Math.min(...heights) - 26, bottom = Math.max(...heights) + 34;
    return [vector('rect', {class: 'place', x: left + 1, y: top, width: width - 2, height: bottom - top, rx: 8}),
      vector('text', {x: left + width / 2, y: bottom - 7}, name)];
  });
}

function networkScale(limit, shade) {
  const stops = Array.from({length: 9}, (_, i) => shade(limit * i / 8));
  return element('div', {class: 'scale'}, element('i', {style: `background: linear-gradient(to right, ${stops.join()})`}),
      element('div', {}, [0, limit / 2, limit].map((share) => element('span', {}, percentText(share)))));
}

function busiestTable(links) {
  const columns = [{name: 'The busiest links', text: true}, {name: 'kind', text: true}, {name: 'bandwidth'}, {name: 'sent'}, {name: 'busy'}];
  return table(columns, links.map((link) => [link.name, link.kind, link.bandwidth, link.sent, percentText(link.utilisation)]));
}

// map: {text, devices: [{name, place, kind, row, count}], links: [{from, to, name, kind, count, bandwidth, utilisation, …}],
// busiest: [{name, kind, bandwidth, sent, utilisation}]}.
function networkCard(map) {
  const box = element('div', {}), scale = element('div', {});
  const rows = Array.from({length: 1 + Math.max(...map.devices.map((device) => device.row))});
  const isTopArc = (link) => [link.from, link.to].every((end) => map.devices[end].row === rows.length - 1);
  const draw = () => {
    const limit = utilisationLimit(map.links), shade = utilisationColours(limit);
    const margin = map.links.some(isTopArc) ? kArcMargin : kNetworkMargin;
    const {places, at} = placeDevices(map.devices, rows, margin);
    const height = margin + kNetworkMargin + (rows.length - 1) * kRowHeight + 8;
    box.replaceChildren(vector('svg', {viewBox: `0 0 ${kNetworkWidth} ${height}`, role: 'img', 'aria-label': 'The cluster\u2019s links and how busy they were'},
        ...drawPlaces(map, places, at), ...drawLinks(map, at, shade), ...drawDevices(map, at, rows)));
    scale.replaceChildren(networkScale(limit, shade));
  };
  mounted.push({draw});
  return element('section', {class: 'card wide', id: 'network'},
      element('div', {class: 'top'}, element('h3', {}, 'Links by the share of the time that they were busy'), scale),
      element('p', {class: 'soft'}, map.text), box,
      map.busiest.length ? busiestTable(map.busiest) : null);
}
