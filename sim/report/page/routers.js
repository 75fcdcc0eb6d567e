// The panel of routers above the places, where they stand as their fabric joins them: a grid, or circles. A link between a
// place and a router ends at the panel's lower edge, on a mark of that router, so that no line crosses the panel.
'use strict';

const kPanelWidth = 1000, kPanelHeight = 400, kPanelMargin = 34, kWidestUnit = 92, kPortalRoom = 112;

// height: 0 without routers.
function routerPanel(map) {
  const routers = map.devices.filter((device) => device.spot);
  if (!routers.length) return {height: 0, at: new Map()};
  const range = (axis) => [Math.min(...routers.map((device) => device.spot[axis])), Math.max(...routers.map((device) => device.spot[axis]))];
  const [left, right] = range(0), [top, bottom] = range(1);
  const unit = Math.min(kWidestUnit, kPanelWidth / Math.max(right - left, 1), kPanelHeight / Math.max(bottom - top, 1));
  const bend = 0.34 * unit, margin = kPanelMargin + Math.max(bend, [...routers].some((device) => device.name.includes('/')) ? 24 : 0);
  const at = new Map(routers.map((device) => [device, {
    x: kNetworkWidth / 2 + unit * (device.spot[0] - (left + right) / 2), y: margin + unit * (device.spot[1] - top)}]));
  const edge = 2 * margin + unit * (bottom - top);
  return {at, unit, bend, edge, height: edge + 24, middle: {x: kNetworkWidth / 2, y: edge / 2}};
}

// Straight, unless another router is in the way: then bent away from the middle.
function routerPath(a, b, {at, bend, middle}) {
  const [dx, dy] = [b.x - a.x, b.y - a.y], length = Math.hypot(dx, dy);
  const isBetween = ({x, y}) => {
    const along = ((x - a.x) * dx + (y - a.y) * dy) / length, beside = Math.abs((x - a.x) * dy - (y - a.y) * dx) / length;
    return along > 4 && along < length - 4 && beside < 10;
  };
  if (![...at.values()].some(isBetween)) return `M${a.x} ${a.y}L${b.x} ${b.y}`;
  const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  const side = (y - middle.y) * dx - (x - middle.x) * dy >= -1e-6 ? 1 : -1;
  return `M${a.x} ${a.y}Q${x - 2 * side * bend * dy / length} ${y + 2 * side * bend * dx / length} ${b.x} ${b.y}`;
}

// Of several links that end at one mark: the busiest, for all.
function oneForAll(links) {
  const busiest = links.reduce((a, b) => b.utilisation > a.utilisation ? b : a);
  const count = links.reduce((sum, link) => sum + link.count, 0);
  return {...busiest, count, mean_utilisation: links.reduce((sum, link) => sum + link.count * link.mean_utilisation, 0) / count};
}

// Marks at the panel's edge: a router each, or one for all of a place that has many. Adds them to `at`.
function routerPortals(map, panel, places, at) {
  const marks = [], links = [], replaced = new Set(), own = new Set();
  for (const place of places) {
    const here = map.links.map((link) => {
      const [from, to] = [map.devices[link.from], map.devices[link.to]];
      if (from.spot && to.place === place.name) return {link, router: from, other: to};
      return to.spot && from.place === place.name ? {link, router: to, other: from} : null;
    }).filter((found) => found);
    const routers = [...new Set(here.map(({router}) => router))];
    if (!routers.length) continue;
    const apart = routers.length <= Math.max(1, Math.floor(place.width / kPortalRoom)) ? routers : [null];
    const portals = apart.map((router, i) => {
      const mark = {place: '', name: router ? router.name : `${number(routers.reduce((sum, one) => sum + one.count, 0))} routers`, count: router ? router.count : 2};
      at.set(mark, {x: place.left + place.width * (i + 0.5) / apart.length, y: panel.edge});
      return mark;
    });
    marks.push(...portals);
    portals.forEach((mark, i) => {
      const ending = here.filter(({router}) => !apart[i] || router === apart[i]);
      for (const other of new Set(ending.map((end) => end.other)))
        links.push({...oneForAll(ending.filter((end) => end.other === other).map(({link}) => link)), ends: [other, mark]});
    });
    for (const {link, router} of here) {
      replaced.add(link);
      if (apart[0]) own.add(router);
    }
  }
  return {marks: marks.map((mark) => ({...mark, ...at.get(mark)})), links, own, panel, replaces: (link) => replaced.has(link)};
}

function drawPanel(panel) {
  return panel.height ? [vector('rect', {class: 'place', x: 1, y: 1, width: kNetworkWidth - 2, height: panel.edge - 1, rx: 8})] : [];
}

const isInGrid = (name) => /\d\.[\d*]/.test(name);
const routerLabel = (name) => isInGrid(name) ? name.replace(/^\D*/, '') : name.replace(/^.*\//, '');

function groupLabels(panel) {
  const groups = new Map();
  for (const [device, spot] of panel.at) {
    const [, group] = /^(.*)\//.exec(device.name) || [];
    if (group) groups.set(group, [...groups.get(group) || [], spot]);
  }
  return [...groups].map(([name, spots]) => {
    const x = spots.reduce((sum, spot) => sum + spot.x, 0) / spots.length, heights = spots.map((spot) => spot.y);
    const middle = heights.reduce((a, b) => a + b) / spots.length;
    return textAt(name, x, middle < panel.middle.y - 1 ? Math.min(...heights) - 38 : Math.max(...heights) + 42);
  });
}

function drawRouters(map, panel, portals) {
  if (!panel.height) return [];
  const router = (name, {x, y}, size, more) => vector('circle', {class: `device router${more}`, cx: x, cy: y, r: size}, vector('title', {}, name));
  const inside = [...panel.at].flatMap(([device, spot]) => {
    const size = device.count > 1 ? 9 : 6.5, name = routerLabel(device.name);
    const mark = router(device.count > 1 ? `${device.name}: ${number(device.count)} routers` : device.name, spot, size, portals.own.has(device) ? ' own' : '');
    const room = panel.unit * (isInGrid(device.name) ? 0.55 : 0.9) > kLetterWidth * name.length;
    return room ? [mark, textAt(name, spot.x, spot.y - size - 5)] : [mark];
  });
  const edge = portals.marks.flatMap((mark) => [router(`${mark.name}, as in the panel`, mark, mark.count > 1 ? 9 : 6.5, ' own'), textAt(mark.name, mark.x, mark.y - 13)]);
  return [...inside, ...groupLabels(panel), ...edge];
}
