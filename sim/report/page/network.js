// The cluster's links: places (nodes) side by side, switches between them above; a link's colour is how busy it was, its
// width its bandwidth. Drawn as SVG of its own: the charts' library in the page has no graphs.
'use strict';

const kNetworkWidth = 1100, kRowHeight = 74, kNetworkMargin = 34, kArcMargin = 62, kPlaceGap = 14, kMeshDepth = 110;

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

// The rows that have devices, from the bottom; routers with a spot stand in no row.
function levelsOf(devices) {
  const rows = [...new Set(devices.filter((device) => !device.spot).map((device) => device.row))].sort((a, b) => a - b);
  return new Map(rows.map((row, level) => [row, level]));
}

// Where each device of a row stands: those of a place within its share of the width, the others over all of it.
function placeDevices(devices, levels, top) {
  const standing = devices.filter((device) => !device.spot);
  const inside = (place) => standing.filter((device) => device.place === place);
  const columns = (list) => Math.max(...[...levels.keys()].map((row) => list.filter((device) => device.row === row).length));
  const places = [...new Set(standing.map((device) => device.place).filter((place) => place))]
      .map((name) => ({name, weight: Math.max(2, columns(inside(name)))}));
  const unit = (kNetworkWidth - kPlaceGap * (places.length - 1)) / places.reduce((sum, place) => sum + place.weight, 0);
  let left = 0;
  for (const place of places) {
    Object.assign(place, {left, width: place.weight * unit});
    left += place.width + kPlaceGap;
  }
  const at = new Map();
  for (const share of [...places, {name: '', left: 0, width: kNetworkWidth}])
    for (const [row, level] of levels)
      inside(share.name).filter((device) => device.row === row).forEach((device, i, list) =>
        at.set(device, {x: share.left + share.width * (i + 0.5) / list.length, y: top + (levels.size - 1 - level) * kRowHeight}));
  return {places, at};
}

// Links within the lowest row of a place: a mesh, whose arcs hang below.
function meshLinks(map, levels) {
  const low = (device) => !device.spot && levels.get(device.row) === 0 && device.place;
  return new Set(map.links.filter((link) => {
    const [from, to] = [map.devices[link.from], map.devices[link.to]];
    return low(from) && low(to) && from.place === to.place;
  }));
}

// A straight line between rows, an arc within one: away from the other rows; those of a mesh hang the deeper the wider.
function linkPath(a, b, above, mesh) {
  if (a.y !== b.y) return `M${a.x} ${a.y}L${b.x} ${b.y}`;
  const wide = Math.abs(a.x - b.x);
  if (mesh) {
    const low = a.y + (14 + (kMeshDepth - 14) * wide / mesh) * 4 / 3;
    return `M${a.x} ${a.y}C${a.x} ${low} ${b.x} ${low} ${b.x} ${b.y}`;
  }
  const bend = (above ? -1 : 1) * Math.min(40, 12 + wide / 12);
  return `M${a.x} ${a.y}Q${(a.x + b.x) / 2} ${a.y + 2 * bend} ${b.x} ${b.y}`;
}

const percentText = (share) => `${number(100 * share)}\u2009%`;

function linkTip(link) {
  const some = link.count > 1 ? `${number(link.count)} links, the busiest ${link.name}` : link.name;
  return `${some}\n${link.kind}, ${link.bandwidth} each way\nbusy ${percentText(link.utilisation)} of the time` +
    (link.count > 1 ? `, ${percentText(link.mean_utilisation)} on average` : '');
}

function drawLink(link, d, shade, widest, thickest = 5) {
  const width = Math.max(1.2, Math.min(thickest, 5 * Math.sqrt(link.bytes_per_s / widest)));
  const several = link.count > 1 ? {'stroke-dasharray': '7 3'} : {};
  return vector('path', {d, stroke: shade(link.utilisation), 'stroke-width': width, ...several}, vector('title', {}, linkTip(link)));
}

// portals: of links between a place and the routers' panel.
function drawLinks(map, at, shade, levels, portals) {
  const widest = Math.max(...map.links.map((link) => link.bytes_per_s)), mesh = meshLinks(map, levels);
  const widestArc = Math.max(...[...mesh].map((link) => Math.abs(at.get(map.devices[link.from]).x - at.get(map.devices[link.to]).x)));
  return [...map.links.filter((link) => !portals.replaces(link)), ...portals.links].sort((a, b) => a.utilisation - b.utilisation).map((link) => {
    const [from, to] = link.ends || [map.devices[link.from], map.devices[link.to]], [a, b] = [at.get(from), at.get(to)];
    if (from.spot && to.spot) return drawLink(link, routerPath(a, b, portals.panel), shade, widest);
    return drawLink(link, linkPath(a, b, from.place === '', mesh.has(link) ? widestArc : 0), shade, widest, mesh.has(link) ? 2.2 : 5);
  });
}

const kLetterWidth = 6.2;
// Text in the middle of x, but within the figure.
function textAt(text, x, y) {
  const half = kLetterWidth * text.length / 2;
  return vector('text', {x: Math.max(half, Math.min(kNetworkWidth - half, x)), y}, text);
}

function drawDevices(map, at, levels, below) {
  const standing = map.devices.filter((device) => !device.spot);
  const crowded = new Map([...levels.keys()].map((row) => [row, standing.filter((device) => device.row === row).length > 24]));
  return standing.flatMap((device) => {
    const {x, y} = at.get(device), size = device.count > 1 ? 9 : 6.5;
    const mark = device.kind === 'gpu' ? vector('rect', {class: `device ${device.kind}`, x: x - size, y: y - size, width: 2 * size, height: 2 * size, rx: 2}) :
      vector('circle', {class: `device ${device.kind}`, cx: x, cy: y, r: size});
    mark.append(vector('title', {}, [device.place, device.name].filter((part) => part).join(', ')));
    if (crowded.get(device.row) && device.count === 1) return [mark];
    return [mark, textAt(device.name, x, below(device) ? y + size + 12 : y - size - 5)];
  });
}

function drawPlaces(map, places, at, depth) {
  return places.flatMap(({name, left, width}) => {
    const heights = map.devices.filter((device) => device.place === name).map((device) => at.get(device).y);
    const top = Math.min(...heights) - 26, bottom = Math.max(...heights) + (depth ? depth + 26 : 46);
    return [vector('rect', {class: 'place', x: left + 1, y: top, width: width - 2, height: bottom - top, rx: 8}),
      textAt(name, left + width / 2, bottom - 7)];
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

// map: {text, devices: [{name, place, kind, row, count, spot}], links: [{from, to, name, kind, count, bandwidth, utilisation, …}],
// busiest: [{name, kind, bandwidth, sent, utilisation}]}.
function networkCard(map) {
  const box = element('div', {}), scale = element('div', {});
  const levels = levelsOf(map.devices), panel = routerPanel(map), depth = meshLinks(map, levels).size ? kMeshDepth : 0;
  const isTopArc = (link) => [link.from, link.to].every((end) => !map.devices[end].spot && map.devices[end].place === '' && levels.get(map.devices[end].row) === levels.size - 1);
  const below = (device) => levels.get(device.row) === 0 && device.place !== '' && !depth;
  const draw = () => {
    const limit = utilisationLimit(map.links), shade = utilisationColours(limit);
    const top = panel.height + (map.links.some(isTopArc) ? kArcMargin : kNetworkMargin);
    const {places, at} = placeDevices(map.devices, levels, top);
    for (const [device, spot] of panel.at) at.set(device, spot);
    const portals = routerPortals(map, panel, places, at);
    const height = top + (levels.size - 1) * kRowHeight + (depth ? depth + 28 : 48);
    box.replaceChildren(vector('svg', {viewBox: `0 0 ${kNetworkWidth} ${height}`, role: 'img', 'aria-label': 'The cluster\u2019s links and how busy they were'},
        ...drawPlaces(map, places, at, depth), ...drawPanel(panel), ...drawLinks(map, at, shade, levels, portals),
        ...drawDevices(map, at, levels, below), ...drawRouters(map, panel, portals)));
    scale.replaceChildren(networkScale(limit, shade));
  };
  mounted.push({draw});
  return element('section', {class: 'card wide', id: 'network'},
      element('div', {class: 'top'}, element('h3', {}, 'Links by the share of the time that they were busy'), scale),
      element('p', {class: 'soft'}, map.text, panel.height ? ' Routers stand in a panel; those at its lower edge are the ones of it that a place\u2019s links lead to, ringed where they stand.' : null), box,
      map.busiest.length ? busiestTable(map.busiest) : null);
}
