// An independent validator, ajv, on the schemas that the program prints: they are valid JSON Schema 2020-12, they take
// every scenario and study of the tree, and what they refuse the program refuses too.
// Usage: node validator_test.mjs PROGRAM SOURCE_FOLDER   ajv is found in the current folder's node_modules.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';

const program = path.resolve(process.argv[2]);
const source = path.resolve(process.argv[3]);
const Ajv = createRequire(path.join(process.cwd(), 'package.json'))('ajv/dist/2020.js').default;
const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-schema-'));
process.on('exit', () => rmSync(folder, {recursive: true}));

const ajv = new Ajv({strictTypes: false, strictRequired: false});
const [scenario, study, plan] = ['scenario', 'study', 'plan'].map((kind) => {
  const schema = JSON.parse(execFileSync(program, ['schema', kind]));
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.ok(ajv.validateSchema(schema), ajv.errorsText());
  return ajv.compile(schema);
});

// JSON with // comments.
const parse = (text) => JSON.parse(text.replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*/g, '$1'));

// The reader's exit status: 2 when the scenario is wrong.
function read(value) {
  const file = path.join(folder, 'scenario.json');
  writeFileSync(file, JSON.stringify(value));
  return spawnSync(program, ['step', file, '--decode', '1', '--context', '1']).status;
}

function takes(validate, value, name) {
  assert.ok(validate(value), `${name}: ${ajv.errorsText(validate.errors)}`);
}

// Every scenario and study of the tree, those of README.md among them.
const blocks = [...readFileSync(path.join(source, 'README.md'), 'utf8').matchAll(/```json\n(.*?)```/gs)].map((match) => parse(match[1]));
const files = ['workloads/scenarios', 'tests/golden', 'results'].flatMap((place) =>
    readdirSync(path.join(source, place), {recursive: true}).map((file) => path.join(source, place, file)))
    .filter((file) => file.endsWith('.json')).sort();
const examples = [...files.map((file) => [file, parse(readFileSync(file, 'utf8'))]), ...blocks.map((block) => ['README.md', block])];
const scenarios = examples.filter(([, value]) => 'model' in value);
const studies = examples.filter(([, value]) => 'scenario' in value && ('sweep' in value || 'zip' in value));
assert.ok(scenarios.length > 5 && scenarios.some(([name]) => name === 'README.md'));
assert.ok(studies.length > 1 && studies.some(([name]) => name === 'README.md'));
for (const [name, value] of scenarios) takes(scenario, value, name);
for (const [name, value] of studies) takes(study, value, name);
for (const [name, value] of examples.filter(([, value]) => 'models' in value && 'budget' in value && 'gpus' in value)) takes(plan, value, name);

// And what the program makes of a scenario.
for (const [name] of scenarios.filter(([name]) => name !== 'README.md')) {
  execFileSync(program, ['run', name, '--set', '/workload/num_requests=1', '--out', path.join(folder, 'out')]);
  takes(scenario, parse(readFileSync(path.join(folder, 'out/scenario.json'), 'utf8')), `${name}, resolved`);
}

const base = {...scenarios.find(([name]) => name === 'README.md')[1], model: 'llama-3.1-8b'};  // without a bank to build
const changed = (place, value) => {
  const copy = structuredClone(base);
  const keys = place.split('/').slice(1);
  const last = keys.pop();
  const parent = keys.reduce((node, key) => node[key] ??= {}, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
};
const gpu = {base: 'h100_sxm', memory: '40GiB', nvlink: null, peak: {int8: '1 TFLOPS'}, profile: {gemm: {compute: 0.5}}};
const [shares, table] = [{compute: 0.5, memory: 0.5}, {columns: ['bytes', 'time_us'], rows: [[1, 1.5]]}];
const profile = {source: 's', gemm: shares, grouped_gemm: shares, prefill_attention: shares, decode_attention: shares,
  elementwise: shares, kernel_overhead: '3 us', elementwise_table: table};
const wholeGpu = {source: 's', memory: '80 GB', memory_bandwidth: '3 TB/s', peak: {bf16: '900 TFLOP/s'}, vector_peak: '60 TFLOPS',
  pcie: '64GB/s', tdp: '.7 kW', profile};
const {nvlink, xgmi} = {nvlink: {...wholeGpu, nvlink: '450 GB/s'}, xgmi: {...wholeGpu, xgmi: '64 GB/s', xgmi_links: 7}};
const eight = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => `g${i}`);
const cable = {from: 'g0', to: 's', bandwidth: '1 GB/s'};
const graph = {devices: [...eight.map((name) => ({name, kind: 'gpu'})), {name: 's', kind: 'router', node: null}],
  links: eight.map((from) => ({...cable, from, latency: '1 us', turn: 0}))};
const tree = {kind: 'pcie_tree', sockets: 2, gpus_per_switch: 1, uplink: '32 GB/s', socket_link: '64 GB/s'};
writeFileSync(path.join(folder, 'lengths.jsonl'), '{"prompt_len": 100, "output_len": 5}\n');
writeFileSync(path.join(folder, 'trace.csv'), 'arrival_s,prompt_tokens,output_tokens\n0,100,5\n');
writeFileSync(path.join(folder, 'preset.json'), JSON.stringify({description: 'd', source: 's', ...base.workload}));
const [poisson, fixed] = [{process: 'poisson', rate: 1}, {distribution: 'fixed', value: 2}];
const drawn = {arrivals: poisson, num_requests: 1, prompt_tokens: fixed, output_tokens: fixed};
const at = (tokens_at) => ({...drawn, prompt_tokens: {distribution: 'quantiles', tokens_at}});
const llama = {model_type: 'llama', hidden_size: 1024, intermediate_size: 3072, num_hidden_layers: 2, num_attention_heads: 16,
  vocab_size: 32000, max_position_embeddings: 8192};
const both = [  // what schema and reader take
  ['/$schema', './scenario.schema.json'], ['/model', llama], ['/model', {model_type: 'llava', text_config: llama}],
  ['/cluster', 'hgx-h100x4'], ['/cluster', null], ['/cluster', {gpu, gpus_per_node: 8}],
  ['/cluster', {gpu: wholeGpu, gpus_per_node: 8}], ['/cluster', {gpu: {...wholeGpu, profile: {...profile, elementwise_table: [table]}}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...wholeGpu, profile: 'h200_sxm'}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...wholeGpu, profile: {base: 'h100_sxm', gemm_table: null}}, gpus_per_node: 8}],
  ['/cluster', {base: 'hgx-h200', nodes: 2, fabric: {nic: '200Gbps', nics_per_node: null}}],
  ['/cluster', {base: 'hgx-h100x4', nodes: null}], ['/cluster', {base: 'hgx-h100', fabric: {rails: 4}}],
  ['/cluster', {base: 'hgx-h100x4', fabric: {kind: 'fat_tree', nodes_per_leaf: 2, leaves_per_pod: null}}],
  ['/cluster', {base: 'gb200-nvl72', fabric: {kind: 'torus', dimensions: [1]}}],
  ['/cluster', {gpu: 'h100_sxm', graph: graph}], ['/cluster', {base: 'hgx-h100', graph: {...graph, directed: null}, nodes: null}],
  ['/cluster', {base: 'hgx-h100x4', fabric: {kind: 'dragonfly', routing: 'ecmp', global_links: 8, local_link: '1 Tb/s'}}],
  ['/cluster', {gpu: nvlink, gpus_per_node: 8, node_fabric: {kind: 'nvswitch'}}], ['/cluster', {gpu: nvlink, gpus_per_node: 8, node_fabric: tree}],
  ['/cluster', {gpu: xgmi, gpus_per_node: 8, node_fabric: {kind: 'xgmi_mesh'}}], ['/cluster', {gpu: {...xgmi, nvlink: '0 B/s'}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...nvlink, xgmi: '0 B/s'}, gpus_per_node: 8}], ['/cluster', {gpu: wholeGpu, gpus_per_node: 8, node_fabric: {sockets: 1}}],
  ['/cluster', {base: 'l40s-pcie', node_fabric: {sockets: 1}}], ['/cluster', {base: 'mi300x-8', gpu: {base: 'mi300x', xgmi: '50 GB/s'}}],
  ['/workload', 'azure-conv-2023'], ['/workload', './preset.json'], ['/workload', {preset: 'azure-conv-2023', num_requests: null}],
  ['/workload', {preset: 'azure-code-2023', arrivals: {rate: 2}, num_requests: 7, output_tokens: fixed}],
  ['/workload', {preset: 'preset.json', prompt_tokens: {max: 1000}}], ['/workload', {preset: 'sharegpt', arrivals: poisson, num_warmups: 2}],
  ['/workload', {trace: 'trace.csv'}], ['/workload', {trace: 'trace.csv', format: 'csv', arrivals: null, num_requests: 1}],
  ['/workload', {trace: 'lengths.jsonl', arrivals: poisson}], ['/workload', {trace: 'lengths.jsonl', format: 'lengths', arrivals: poisson}],
  ['/workload', at({0: 3, 0.5: 1020, '1.0': 14050})], ['/workload', at({'0.0': 3, '5e-1': 3, '1.0': 4})],
  ['/deployment/num_redundant_experts', null], ['/model_overrides', {capacity_factor: 1.25}], ['/model_overrides', {capacity_factor: null}],
  ['/slo', {itl_median: '1.5e3 us', e2el_mean: '.5 min'}], ['/engine', {max_model_len: null, num_gpu_blocks_override: null}],
  ['/routing/trace', 'routing.npz'], ['/routing', {mode: 'trace', trace: 'routing.csv'}], ['/routing', {mode: 'bank', trace: 'routing.csv'}],
  ['/precision', {weights: 'fp8'}], ['/workload', undefined], ['/workload/num_warmups', 3], ['/seed', 0],
];
for (const [place, value] of both) {
  takes(scenario, changed(place, value), `${place} = ${JSON.stringify(value)}`);
  assert.equal(read(changed(place, value)), 0, `${place} = ${JSON.stringify(value)}`);
}
const neither = [  // what both refuse
  ['/model', undefined], ['/model', null], ['/model', 7], ['/model', 'mixtral-8x7'], ['/model', {hidden_size: 8}],
  ['/model', {model_type: 'lama'}], ['/model_overrides', 3], ['/modell', 'x'], ['/precision/weights', 'fp9'],
  ['/precision', 'fp8'], ['/cluster', 'hgx-h10'], ['/cluster', 'hgx-h10x4'], ['/cluster', 'hgx-h100x'], ['/cluster', 8],
  ['/cluster', {gpu: 'h100_sxm'}], ['/cluster', {base: null, gpu: 'h100_sxm'}], ['/cluster', {base: 'hgx-h100', nods: 2}],
  ['/cluster', {base: 'hgx-h100', nodes: 0}], ['/cluster', {base: 'hgx-h100', fabric: {kind: 'tree'}}],
  ['/cluster', {base: 'hgx-h100', fabric: {kind: 'torus', oversubscription: 2}}], ['/cluster', {base: 'hgx-h100', fabric: {dimensions: [1]}}],
  ['/cluster', {gpu: 'h100_sxm', graph, gpus_per_node: 1}], ['/cluster', {gpu: 'h100_sxm', graph: 'x.txt'}], ['/cluster', {graph}],
  ['/cluster', {gpu: 'h100_sxm', graph: {...graph, devices: [{name: 'a'}]}}], ['/cluster', {gpu: 'h100_sxm', graph: {...graph, links: [{...cable, length: 0}]}}],
  ['/cluster', {gpu: 'h100_sxm', graph: {...graph, links: [{...cable, kind: 'wire'}]}}], ['/cluster', {gpu: 'h100_sxm', graph: {devices: []}}],
  ['/cluster', {base: 'hgx-h100', fabric: {kind: 'torus', routing: 'adaptive'}}], ['/cluster', {base: 'hgx-h100', fabric: {kind: 'torus', dimensions: [0]}}],
  ['/cluster', {base: 'hgx-h100', fabric: {kind: 'dragonfly', routers_per_group: 65}}],
  ['/cluster', {base: 'hgx-h100', fabric: {nic: 400}}], ['/cluster', {base: 'hgx-h100', fabric: {nic: '400 GHz'}}],
  ['/cluster', {base: 'hgx-h100', fabric: {routing: 'random'}}], ['/cluster', {base: 'hgx-h100', fabric: {oversubscription: 0.5}}],
  ['/cluster', {gpu: {...gpu, memory: '40'}, gpus_per_node: 8}], ['/cluster', {gpu: {...gpu, tdp: '700 V'}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...gpu, profile: {gemm: {compute: 2}}}, gpus_per_node: 8}], ['/cluster', {gpu: {memory: '1 GB'}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...wholeGpu, tdp: undefined}, gpus_per_node: 8}], ['/cluster', {gpu: {...wholeGpu, peak: {fp8: '1 TFLOPS'}}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...wholeGpu, profile: {...profile, gemm: {compute: 1}}}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...gpu, profile: 'h100'}, gpus_per_node: 8}], ['/cluster', {gpu: {...gpu, profile: {base: 'h10_sxm'}}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...gpu, peak: {bf17: '1 TFLOPS'}}, gpus_per_node: 8}],
  ['/cluster', {base: 'hgx-h10x4'}], ['/cluster', {base: 'hgx-h100', fabric: {rails: 0}}], ['/cluster', {base: 'hgx-h100', node_fabric: {kind: 'torus'}}],
  ['/cluster', {base: 'hgx-h100', node_fabric: 'nvswitch'}], ['/cluster', {gpu: nvlink, gpus_per_node: 8, node_fabric: {...tree, kind: 'nvswitch'}}],
  ['/cluster', {gpu: xgmi, gpus_per_node: 8, node_fabric: {kind: 'xgmi_mesh', uplink: '32 GB/s'}}],
  ...[{sockets: 0}, {sockets: 9}, {gpus_per_switch: 257}, {uplink: 32}, {socket_link: '64 GHz'}, {switches: 2}].map((wrong) =>
    ['/cluster', {gpu: nvlink, gpus_per_node: 8, node_fabric: {...tree, ...wrong}}]),
  ['/cluster', {gpu: {...xgmi, xgmi_links: undefined}, gpus_per_node: 8}], ['/cluster', {gpu: {...xgmi, xgmi_links: 256}, gpus_per_node: 8}],
  ['/cluster', {gpu: {...xgmi, nvlink: '450 GB/s'}, gpus_per_node: 8}], ['/cluster', {gpu: {...xgmi, xgmi: 64}, gpus_per_node: 8}],
  ['/model', {model_type: 'llava'}], ['/model', {model_type: 'llava', text_config: 'llama'}], ['/model_overrides', {model_type: 'lama'}],
  ['/workload', 7], ['/workload', {preset: 'chat'}], ['/workload', {preset: 7}], ['/workload', {preset: 'azure-conv-2023', trace: 'trace.csv'}],
  ['/workload', {preset: 'azure-conv-2023', format: 'csv'}], ['/workload', {preset: 'azure-conv-2023', rate: 2}],
  ['/workload', {preset: 'azure-conv-2023', arrivals: {rate: 0}}], ['/workload', {preset: 'azure-conv-2023', arrivals: {speed: 2}}],
  ['/workload', {preset: 'azure-conv-2023', arrivals: {process: 'gamma', rate: 2}}],
  ['/workload', {preset: 'azure-conv-2023', prompt_tokens: {distribution: 'fixed'}}],
  ['/workload', {preset: 'azure-conv-2023', prompt_tokens: {tokens_at: {0: 1}}}],
  ['/workload', {trace: 'trace.csv', arrivals: poisson, format: 'csv'}], ['/workload', {trace: 'trace.csv', prompt_tokens: fixed}],
  ['/workload', {trace: 'lengths.jsonl', format: 'lengths'}], ['/workload', {trace: 'lengths.jsonl', arrivals: {rate: 1}}],
  ['/workload', {trace: 'trace.csv', format: 'tsv'}], ['/workload', {...drawn, arrivals: {rate: 1}}], ['/workload', {...drawn, prompt_tokens: {value: 1}}],
  ...[{}, {0: 1}, {0: 1, 0.5: 2}, {0.5: 2, 1: 3}, {0: 0, 1: 2}, {0: 1, 1: 2.5}, {0: 1, 1: 1e9}, {0: 1, half: 2, 1: 3}, {0: 1, 1: null}, [1, 2]].map((table) =>
    ['/workload', at(table)]),
  ['/deployment/replicas', 0], ['/deployment/replicas', 1.5], ['/deployment/replicas', '2'], ['/deployment/enable_dbo', 'on'], ['/deployment/dbo_decode_token_threshold', 0], ['/deployment/dbo_prefill_token_threshold', 0.5],
  ['/deployment/num_redundant_experts', -1], ['/deployment/enable_eplb', 'yes'], ['/deployment/enable_expert_parallel', 'yes'], ['/deployment/all2all_backend', 'nccl'],
  ['/deployment', []], ['/engine/profile', 'vlm'], ['/engine/scheduler', 'lifo'], ['/engine/gpu_memory_utilization', 0],
  ['/engine/gpu_memory_utilization', 1.01], ['/engine/block_size', 65537], ['/engine/cudagraph_capture_sizes', [0]],
  ['/engine/cudagraph_capture_sizes', 8], ['/engine/enable_prefix_caching', true], ['/engine/max_num_seq', 8],
  ['/routing/mode', 'random'], ['/routing/mode', 'trace'], ['/routing', {mode: 'trace', trace: null}], ['/routing/trace', 'routing.npy'],
  ['/routing/trace', 7], ['/routing/preset', 'none'], ['/routing/arithmetic', 'fp64'], ['/routing/gate_bias_zipf', -1],
  ['/network/fidelity', 'high'], ['/network', {fidelty: 'auto'}], ['/workload', 'chat'], ['/workload/arrivals', null],
  ['/workload/arrivals/process', 'poison'], ['/workload/arrivals/rate', 0], ['/workload/arrivals/rate', undefined],
  ['/workload/arrivals/cv', 2], ['/workload/arrivals', {process: 'gamma', rate: 1}], ['/workload/arrivals', {process: 'concurrency', value: 0}],
  ['/workload/num_requests', undefined], ['/workload/num_requests', 0], ['/workload/num_requests', null], ['/workload/num_warmups', -1],
  ['/workload/prompt_tokens', 600], ['/workload/prompt_tokens/mean', 0], ['/workload/prompt_tokens/max', 1e9],
  ['/workload/prompt_tokens/distribution', 'normal'], ['/workload/output_tokens', {distribution: 'fixed'}],
  ['/workload/output_tokens', {distribution: 'uniform', min: 1}], ['/workload/trace', 'requests.csv'], ['/workload/format', 'csv'],
  ['/slo/ttft_p95', '2 s'], ['/slo/ttft_p99', 2], ['/slo/ttft_p99', '2'], ['/slo/ttft_p99', '-2 s'], ['/slo/ttft_p99', '2 parsec'],
  ['/slo/ttft_p99', null], ['/prices', {usd_per_gpu_hour: 0}], ['/prices', {usd_per_gpu_hour: '2'}], ['/prices', {usd: 1}], ['/seed', -1], ['/seed', 1.5], ['/seed', 'one'],
];
for (const [place, value] of neither) {
  const words = `${place} = ${JSON.stringify(value)}`;
  assert.ok(!scenario(changed(place, value)), `the schema takes ${words}`);
  assert.equal(read(changed(place, value)), 2, `the program takes ${words}`);
}

// Studies likewise; sweep's exit status is 2 when one is wrong.
function sweep(value) {
  const file = path.join(folder, 'study.json');
  writeFileSync(file, JSON.stringify(value));
  return spawnSync(program, ['sweep', file, '--set', '/workload/num_requests=1', '--out', path.join(folder, 'sweep')]).status;
}
const swept = {$schema: './study.schema.json', scenario: {...base, model: undefined}, sweep: {'/model': ['llama-3.1-8b']}};
takes(study, swept, 'a study that sweeps the model');
assert.equal(sweep(swept), 0);
for (const wrong of [{}, {scenario: base}, {scenario: base, sweep: {seed: [1]}}, {scenario: base, sweep: {'/seed': []}},
  {scenario: base, sweep: {'/seed': 1}}, {scenario: {...base, modell: 1}, zip: {'/seed': [1]}}, {scenario: 3, sweep: {'/seed': [1]}},
  {scenario: base, sweep: {'/seed': [1]}, titel: 'x'}]) {
  assert.ok(!study(wrong), `the schema takes ${JSON.stringify(wrong)}`);
  assert.equal(sweep(wrong), 2, `the program takes ${JSON.stringify(wrong)}`);
}

// Plans; what is wrong with one is found before anything is simulated.
function planned(value) {
  const file = path.join(folder, 'plan.json');
  writeFileSync(file, JSON.stringify(value));
  return spawnSync(program, ['plan', file, '--out', path.join(folder, 'plan')]).status;
}
const small = {$schema: './plan.schema.json', models: ['llama-3.1-8b'], gpus: ['h100_sxm'], budget: {gpus: 1}, workload: {arrivals:
  {process: 'poisson', rate: 1}, prompt_tokens: {distribution: 'fixed', value: 50}, output_tokens: {distribution: 'fixed', value: 5}},
  slo: {ttft_p99: '2 s'}, objective: 'minimise_gpus', layouts: {max_num_seqs: [64], enable_expert_parallel: [false]}, prices: {h100_sxm: 2}};
takes(plan, small, 'a small plan');
assert.equal(planned(small), 0);
for (const wrong of [{...small, models: []}, {...small, gpus: undefined}, {...small, budget: {gpus: 0}}, {...small, slo: {}},
  {...small, slo: {ttft_p98: '2 s'}}, {...small, objective: 'minimise'}, {...small, layouts: {tensor: [1]}}, {...small, prices: {h100_sxm: '2 $/h'}},
  {...small, seeds: 1}]) {
  const given = JSON.parse(JSON.stringify(wrong));
  assert.ok(!plan(given), `the schema takes ${JSON.stringify(given)}`);
  assert.equal(planned(given), 2, `the program takes ${JSON.stringify(given)}`);
}
console.log(`${scenarios.length} scenarios and ${studies.length} studies fit; ${neither.length} damaged scenarios do not, to schema and program alike`);
