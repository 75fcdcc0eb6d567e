// Opens the report's pages in headless Chromium without a network and checks that they draw: charts, texts, no errors.
// A figure that sim/report/figure.mjs makes for a README is opened too; it finds echarts by NODE_PATH.
// Usage: node pages_test.mjs FOLDER [--screenshots]   FOLDER has the pages of synthetic_pages; playwright-core is found
// in the current folder's node_modules. Exit 0 fine, 1 a check failed, 77 skipped (no Chromium).
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {accessSync, constants, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const folder = path.resolve(process.argv[2]);
const screenshots = process.argv.includes('--screenshots');

const browserPath = findChromium();
if (!browserPath) {
  console.log('skipped: there is no Chromium');
  process.exit(77);
}
const {chromium} = createRequire(path.join(process.cwd(), 'package.json'))('playwright-core');
const profile = mkdtempSync(path.join(tmpdir(), 'switchyard-browser-'));
const context = await chromium.launchPersistentContext(profile,
    {executablePath: browserPath, headless: true, args: kFlags, viewport: {width: 1280, height: 900}, offline: true});
let failures = 0;
try {
  await check('The page of a run draws every chart', 'run', async (page) => {
    assert.match(await page.title(), /^Switchyard: mixtral-8x7b/);
    assert.equal(await page.locator('.chart svg').count(), 9);
    for (const chart of await page.locator('.chart svg').all()) assert.ok(await chart.locator('path').count() > 3);
    assert.ok(await page.locator('#breakdown .parts i').count() >= 6);
    assert.equal(await page.locator('.verdict li').count(), 2);
    assert.match(await page.locator('.notes').innerText(), /context of 32768/);
    const trust = await page.locator('.trust li').allInnerTexts();
    assert.equal(trust.length, 3);
    assert.match(trust[0], /^scaled\s+Made-up GPU/);
    assert.match(trust[1], /^thin\s+Made-up engine/);
    assert.match(trust[2], /^±\s20\s%\s+Made-up error/);
  });
  await check('Text of a scenario never becomes markup', 'run', async (page) => {
    assert.match(await page.locator('.facts').innerText(), /<\/script><b>lengths<\/b> & more/);
    assert.equal(await page.locator('.facts b').count(), 0);
  });
  await check('The page of a run without a completed request says so and draws nothing', 'empty', async (page) => {
    assert.equal(await page.locator('.chart, #experts, #network').count(), 0);
    const text = await page.locator('main').innerText();
    assert.match(text, /1 rejected/);
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  });
  await check('The network has a line for each link, as warm as it was busy, and a mark for each device', 'run', async (page) => {
    const lines = page.locator('#network svg path');
    assert.equal(await lines.count(), 25);
    assert.equal(await page.locator('#network svg .device').count(), 20);
    assert.equal(await page.locator('#network svg .place').count(), 2);
    const shades = await lines.evaluateAll((nodes) => nodes.map((node) => [node.querySelector('title').textContent,
      node.getAttribute('stroke').match(/\d+/g).map(Number)]));
    const shade = (text) => shades.find(([title]) => title.includes(text))[1];
    const [hot, cold] = [shade('leaf0>leaf1'), shade('gpu0>nvswitch')];
    assert.ok(hot[0] - hot[2] > cold[0] - cold[2] + 60, `${hot} is warmer than ${cold}`);
    assert.match(shades.find(([title]) => title.startsWith('20 links'))[0], /busiest nic3>leaf1\nnic, 50 GB\/s each way\nbusy 30\s% of the time, 15\s% on average/);
    const box = await page.locator('#network svg').boundingBox();
    for (const mark of await page.locator('#network svg .device, #network svg path').all()) {
      const {x, y, width, height} = await mark.boundingBox();
      assert.ok(x >= box.x - 1 && y >= box.y - 1 && x + width <= box.x + box.width + 1 && y + height <= box.y + box.height + 1);
    }
    assert.match(await page.locator('#network table').innerText(), /node1\/nic3>leaf1\s+nic\s+50 GB\/s\s+1.25 TB\s+30\s%/);
  });
  await check('The links of each rank are a matrix, as warm as they were busy, with what was lost to imbalance and to communication', 'run', async (page) => {
    const cells = await page.locator('#rank-links rect').evaluateAll((nodes) => nodes.map((node) => ({kind: node.dataset.kind,
      text: node.querySelector('title').textContent, shade: node.getAttribute('fill').match(/\d+/g).map(Number)})));
    assert.deepEqual(['in_node_out', 'in_node_in', 'fabric_out', 'fabric_in'].map((kind) => cells.filter((cell) => cell.kind === kind).length), [16, 16, 16, 0]);
    const out = cells.filter((cell) => cell.kind === 'fabric_out');
    assert.match(out[15].text, /^rank 7 of group 1: its links to the fabric were busy 40\s% of the time$/);
    assert.ok(out[15].shade[0] - out[15].shade[2] > out[0].shade[0] - out[0].shade[2] + 60, `${out[15].shade} is warmer than ${out[0].shade}`);
    assert.match(await page.locator('#lost').innerText(), /2\.5\ss \(.*\) were lost to imbalance.* 5\ss \(.*\) to communication; 1\.25\ss more were hidden.*node3\/nic1>leaf1, busy 40\s%/);
    const loads = page.locator('.card', {hasText: 'Load of each rank'});
    assert.match(await loads.innerText(), /the busiest has 1\.1\s× the mean, without EPLB 1\.8\s×/);
    for (const name of ['load', 'without EPLB']) assert.ok((await loads.locator('svg').textContent()).includes(name), name);
  });
  await check('A run without expert parallelism has no matrix', 'empty', async (page) => {
    assert.equal(await page.locator('#rank-links, #lost').count(), 0);
  });
  await check('Routers stand in a panel where no line crosses one; links of nodes end at its edge, and a mesh hangs below', 'routers', async (page) => {
    const paths = await page.locator('#network svg path').evaluateAll((nodes) => nodes.map((node) =>
        ({d: node.getAttribute('d'), text: node.querySelector('title').textContent})));
    const path = (text) => paths.find((one) => one.text.includes(text)).d;
    assert.equal(paths.length, 6 + 3 + 1 + 1);  // the ring, the mesh, a NIC's, one for the five of the other nodes
    for (const r of [0, 1, 2, 3, 4]) assert.doesNotMatch(path(`router0.${r}>router0.${r + 1}`), /[QC]/);
    assert.match(path('router0.5>router0.0'), /Q/);
    for (const pair of ['gpu0>gpu1', 'gpu0>gpu2', 'gpu1>gpu2']) assert.match(path(pair), /C/);
    assert.match(paths.find(({text}) => text.startsWith('5 links')).text,
        /the busiest 5 NICs>router0.5\nnic, 50 GB\/s each way\nbusy 50\s% of the time, 15\s% on average/);
    assert.equal(await page.locator('#network svg .own').count(), 3);  // router0.0 in the panel and at its edge, the rest's
    const texts = await page.locator('#network svg text').allTextContents();
    for (const text of ['0.0', '0.5', 'router0.0', '5 routers', 'gpu2', '5 more nodes']) assert.ok(texts.includes(text), text);
    const heights = await page.locator('#network svg .router').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('cy')));
    assert.equal(new Set(heights).size, 2);
  });
  for (const [name, rows, experts, columns, group] of
    [['run', 32, 8, 8, 1], ['many-experts', 58, 256, 256, 1], ['most-experts', 15, 2048, 410, 5]]) {
    await check(`The heat map of ${rows} layers and ${experts} experts has a cell for each, or for neighbours`, name, async (page) => {
      const map = await heatMap(page);
      assert.deepEqual([map.rows, map.columns], [rows, columns]);
      const column = Math.floor((rows - 1) % experts / group);
      const [hot, cold] = [await map.at(rows - 1, column), await map.at(rows - 1, (column + 2) % columns)];
      assert.ok(hot[0] > hot[2] + 60, `above the mean is warm: ${hot}`);
      assert.ok(cold[2] > cold[0] - 8, `below the mean is cold or close to it: ${cold}`);
      assert.match(await map.tip(2, 0), group > 1 ? /^2\s×.*layer 5, expert 2, the busiest of 0–4$/ : /the mean: layer 5, expert 0$/);
    });
  }
  await check('The busiest experts can stand first', 'run', async (page) => {
    await page.locator('select[aria-label="order of experts"]').selectOption('load');
    const map = await heatMap(page);
    for (const row of [0, 5, 31]) assert.match(await map.tip(row, 0), new RegExp(`^2\\s×.*layer ${row + 3}, expert ${row % 8}, 1\\. of 8$`));
  });
  await check('The routing page has a chart for each figure and a heat map for each domain', 'routing', async (page) => {
    assert.equal(await page.locator('.chart svg').count(), 4);
    const legend = await page.locator('.chart svg').first().textContent();
    for (const name of ['busiest expert', 'EP8', '8 ranks']) assert.ok(legend.includes(name), name);
    const map = await heatMap(page);
    assert.deepEqual([map.rows, map.columns], [12, 64]);
    assert.match(await map.tip(1, 1), /^2\s×/);
    await page.locator('select[aria-label="tokens"]').selectOption({label: 'domain 0'});
    assert.match(await map.tip(1, 62), /^2\s×/);
  });
  await check('The page of a sweep has a line for each model and a row for each point', 'sweep', async (page) => {
    assert.equal(await page.locator('.chart svg').count(), 3);
    assert.equal(await page.locator('tbody tr').count(), 28);
    const legend = await page.locator('.chart svg').first().textContent();
    for (const model of ['llama-3.1-70b', 'mixtral-8x7b', 'snowflake-arctic']) assert.ok(legend.includes(model), model);
    assert.match(await page.locator('.verdict').innerText(), /1 without a result/);
  });
  await check('The lines of a sweep have bands as wide as the errors, where those are known', 'sweep', async (page) => {
    for (const [index, error] of [[0, /±\s20\s%/], [1, /±\s40\s%/]]) {
      const card = page.locator('.card', {has: page.locator('.chart')}).nth(index);
      assert.equal(await card.locator('svg path[fill-opacity="0.12"]').count(), 2);  // of three models
      assert.match(await card.innerText(), error);
      assert.match(await card.innerText(), /without a shade/);
    }
    const width = () => page.locator('.chart svg').first().locator('path[fill-opacity="0.12"]').first()
        .evaluate((node) => node.getBBox().width);
    const alone = await width();
    await page.locator('select[aria-label="x axis"]').selectOption('mean_e2el_ms');
    assert.match(await page.locator('.card').first().innerText(), /±\s2\d(\.\d)?\s%/);  // of both errors
    assert.ok(alone > 50 && await width() > 50);
  });
  await check('A column of the sweep sorts and an axis can be chosen', 'sweep', async (page) => {
    await page.locator('th', {hasText: 'TTFT p99'}).click();
    assert.match(await page.locator('tbody tr').first().innerText(), /infeasible/);  // nothing sorts before numbers
    await page.locator('select[aria-label="x axis"]').selectOption('mean_tpot_ms');
    assert.match(await page.locator('.chart svg').first().textContent(), /Mean TPOT \(ms\)/);
  });
  await check('A sweep has its frontier, a bar of cost and energy for each line, and where their time goes', 'sweep', async (page) => {
    const frontier = page.locator('.card', {hasText: 'Pareto frontier'});
    assert.ok(await frontier.locator('svg path[stroke-dasharray]').count() >= 1);
    for (const [title, value] of [['Cost', /mixtral-8x7b\s+\$0\.\d+/], ['Energy', /mixtral-8x7b\s+\d\.\d+\sJ/]]) {
      const card = page.locator('.bars', {hasText: title});
      assert.equal(await card.locator('.bar i').count(), 3);
      assert.match(await card.innerText(), value);
    }
    assert.equal(await page.locator('.breakdowns .parts').count(), 3);
    await page.locator('select[aria-label="y axis"]').selectOption('usd_per_million_output_tokens');
    assert.match(await page.locator('.chart svg').first().textContent(), /\$ a million output tokens/);
    await page.locator('select[aria-label="y axis"]').selectOption('energy_per_output_token_j');
    assert.match(await page.locator('.chart svg').first().textContent(), /Energy an output token/);
  });
  await check('The page of a comparison has the verdict, the survey in groups, and a chart for each question', 'comparison', async (page) => {
    assert.equal(await page.locator('.sentences li').count(), 2);
    assert.match(await page.locator('.verdict').innerText(), /dense: meets its targets[^]*hybrid: misses its targets[^]*big: infeasible: <b>weights<\/b>/);
    const survey = page.locator('#survey');
    assert.deepEqual(await survey.locator('td.group').allTextContents(), ['parameters', 'communication']);
    assert.match(await survey.innerText(), /3\.3 B of 30\.5 B \(11 %\)/);
    assert.equal(await page.locator('.chart svg').count(), 4);
    for (const svg of await page.locator('.chart svg').all())
      for (const name of ['dense', 'moe', 'hybrid']) assert.ok((await svg.textContent()).includes(name), name);
    assert.equal(await page.locator('.chart svg').first().locator('path[fill-opacity="0.12"]').count(), 2);  // of three
    assert.equal(await page.locator('.bars').count(), 4);
    assert.equal(await page.locator('.bars .bar u').count(), 4 * 2);
    assert.equal(await page.locator('.breakdowns .parts').count(), 3);
    assert.doesNotMatch(await page.locator('main').innerText(), /NaN|undefined|Infinity/);
  });
  await check('The page of a plan has winners and ties, who wins at which demand, curves with bands, and what changes the answer', 'plan', async (page) => {
    assert.match(await page.locator('h1').innerText(), /at most 64 <GPUs>/);
    assert.match(await page.locator('.verdict').innerText(), /640 ruled out by the bound\s+3.?100 simulations\s+870 more spared by the bound/);
    assert.match(await page.locator('#winners').innerText(), /llama-3\.1-8b Dense\s*best[^]*2 replicas of tp 2, bf16[^]*qwen3-30b-a3b MoE\s*tie[^]*snowflake-arctic hybrid/);
    const segments = await page.locator('#crossover .segments div').evaluateAll((nodes) => nodes.map((node) => [node.innerText, node.clientWidth]));
    assert.deepEqual(segments.map(([text]) => text.split('\n')[0]), ['llama-3.1-8b', 'qwen3-30b-a3b']);
    assert.ok(segments[0][1] > 300 && segments[0][1] < segments[1][1]);  // 0 to 6 against 6 to 128
    assert.equal(await page.locator('.chart svg').count(), 5);
    assert.match(await page.locator('.chart svg').first().textContent(), /Dense to MoE/);
    for (const title of ['Throughput against speed', 'First token against load', 'Time between tokens against load'])
      assert.equal(await page.locator('.card', {hasText: title}).locator('path[fill-opacity="0.12"]').count(), 2, title);
    assert.equal(await page.locator('.breakdowns .parts').count(), 3);
    assert.equal(await page.locator('.bars').count(), 2);
    assert.match(await page.locator('#by-gpu').innerText(), /llama-3\.1-8b\s+2 GPUs, \$5\/h\s*best\s+bf16 too little\s+fp8 1 GPU, \$5\.2\/h\s*tie\s+misses the SLO/);
    assert.match(await page.locator('#sensitivity').innerText(), /price of h100_sxm x2\s+qwen3-30b-a3b\s*changes\s+5 → 10\s+8/);
    assert.match(await page.locator('#sensitivity').innerText(), /outputs twice as long\s+not known\s+of the others qwen3-30b-a3b\s+5 → none/);
    assert.match(await page.locator('#sensitivity').innerText(), /8 → 12\s+carries × 0\.7/);
    assert.match(await page.locator('#sensitivity').innerText(), /5 → none\s+requests of up to 9000 tokens are too long/);
    assert.match(await page.locator('#prices').innerText(), /h100_sxm\s+\$2\.5\s+llama-3\.1-8b\s+\$0\.4\s+\$0\.32\s+\$0\.48\s+\$2\.95 \(\+18\s%\)\s+then qwen3-30b-a3b on h200_sxm/);
    assert.match(await page.locator('#prices').innerText(), /qwen3-30b-a3b in fp8\s+\$0\.472/);
    assert.match(await page.locator('#prices').innerText(), /a100_sxm[^]*any change decides\s+as cheap as llama-3\.1-8b on h100_sxm/);
    assert.doesNotMatch(await page.locator('main').innerText(), /NaN|undefined|Infinity/);
  });
  await check('A plan in which nothing meets the targets says what came nearest', 'plan-without-winner', async (page) => {
    assert.match(await page.locator('main').innerText(), /No deployment meets the targets\s+The nearest is llama-3\.1-8b: TTFT p99 2\.4 s/);
    assert.equal(await page.locator('.chart').count(), 0);
  });
  drawFigure();
  await check('A figure for a README is a whole SVG with a line for each model', 'figure.svg', async (page) => {
    assert.equal(await page.locator('parsererror').count(), 0);
    const text = await page.locator('svg').first().textContent();
    for (const word of ['A & B', 'a simulated', 'b simulated', 'a measured', 'Tokens/s']) assert.ok(text.includes(word), word);
    assert.equal(await page.locator('path[fill-opacity="0.12"]').count(), 1);  // of a, whose errors are known
    if (screenshots) await page.screenshot({path: path.join(folder, 'figure.png')});
  });
  for (const name of ['run', 'routing', 'sweep', 'comparison', 'plan']) {
    await check(`The ${name} page fits a telephone and follows the dark scheme`, name, async (page) => {
      const light = await page.locator('.chart svg text').first().getAttribute('fill');
      await page.emulateMedia({colorScheme: 'dark'});
      await page.waitForFunction((before) => document.querySelector('.chart svg text').getAttribute('fill') !== before, light);
      if (screenshots) await page.screenshot({path: path.join(folder, `${name}-dark.png`), fullPage: true});
      await page.emulateMedia({colorScheme: 'light'});
      await page.setViewportSize({width: 390, height: 800});
      await page.waitForTimeout(200);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
      if (screenshots) await page.screenshot({path: path.join(folder, `${name}-small.png`), fullPage: true});
    });
  }
} finally {
  await context.close();
  rmSync(profile, {recursive: true, force: true});
}
process.exit(failures ? 1 : 0);

function drawFigure() {
  writeFileSync(path.join(folder, 'sweep.csv'), '/model,x,y,note,error\n' +
      ['a', 'b'].map((model, i) => [1, 2, 3].map((x) => `${model},${x},${x * (i + 1)},"a, b",${model === 'a' ? 0.1 : ''}\n`).join('')).join(''));
  writeFileSync(path.join(folder, 'measured.csv'), 'x,y,model\n1,1.1,a\n2,,a\n3,2.9,a\n');
  writeFileSync(path.join(folder, 'figure.json'), JSON.stringify({
    title: 'A & B', subtitle: 'two models', output: 'figure.svg', x: {column: 'x', name: 'Users'}, y: {column: 'y', name: 'Tokens/s'},
    data: [{csv: 'sweep.csv', series: '/model', label: '{} simulated', band: {column: 'error', along: 'x'}},
      {csv: 'measured.csv', series: 'model', label: '{} measured', style: 'points'}], lines: [{y: 2, name: 'bound'}],
  }));
  const script = fileURLToPath(new URL('../../sim/report/figure.mjs', import.meta.url));
  execFileSync(process.execPath, [script, path.join(folder, 'figure.json')], {timeout: 60000});
}

// The map's size in cells, the colour at a cell's middle and the tip over it.
async function heatMap(page) {
  const canvas = page.locator('#experts canvas');
  const size = await canvas.evaluate((node) => ({...node.dataset}));
  const middle = (row, column) => ({x: Number(size.left) + (column + 0.5) * size.cellWidth, y: Number(size.top) + (row + 0.5) * size.rowHeight});
  return {
    rows: Number(size.rows), columns: Number(size.columns),
    at: (row, column) => canvas.evaluate((node, {x, y, high}) => {  // above its digits
      const scale = node.width / node.clientWidth;
      const pixel = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
      pixel.drawImage(node, Math.floor(x * scale), Math.floor((y - high / 2 + 1) * scale), 1, 1, 0, 0, 1, 1);
      return [...pixel.getImageData(0, 0, 1, 1).data];
    }, {...middle(row, column), high: Number(size.rowHeight)}),
    tip: async (row, column) => {
      await canvas.hover({position: middle(row, column)});
      return page.locator('#experts .tip').innerText();
    },
  };
}

function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH || '').split(':').filter((entry) => entry);
  return folders.flatMap((entry) => names.map((name) => path.join(entry, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

// Runs one check on a fresh page; anything on the console, or any request but for the file itself, fails it.
async function check(sentence, name, body) {
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => request.url().startsWith('file:') || faults.push(`asks for ${request.url()}`));
  try {
    await page.setViewportSize({width: 1280, height: 900});
    await page.emulateMedia({colorScheme: 'light'});
    await page.goto(pathToFileURL(path.join(folder, name.includes('.') ? name : `${name}.html`)).href);
    await page.waitForSelector('main h1, svg text', {state: 'attached', timeout: 20000});
    if (screenshots && !name.includes('.')) await page.screenshot({path: path.join(folder, `${name}.png`), fullPage: true});
    await body(page);
    assert.deepEqual(faults, []);
    console.log(`ok      ${sentence}`);
  } catch (error) {
    ++failures;
    console.log(`FAILED  ${sentence}\n${error.stack}\n${faults.join('\n')}`);
  } finally {
    await page.close();
  }
}
