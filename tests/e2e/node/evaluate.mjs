// The API from outside C++: asks a `gated --demo` through @grpc/grpc-js and the protos alone.
//
//   node evaluate.mjs GATED GOOGLEAPIS
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(path.join(root, 'deploy/npm/package.json'));
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const [gated, googleapis] = process.argv.slice(2);

const protos = loader.loadSync(
  ['gate/v1/gate.proto', 'gate/v1/policies.proto', 'gate/v1/rollouts.proto',
   'gate/v1/overrides.proto',
   'google/rpc/status.proto', 'google/rpc/error_details.proto'],
  { includeDirs: [path.join(root, 'proto'), googleapis], enums: String, longs: String });
const api = grpc.loadPackageDefinition(protos).gate.v1;

// Starts the demo, and waits for what it prints: its addresses and its policy file.
async function startDemo() {
  const child = spawn(gated, ['--demo', '--port', '0', '--http-port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '', log = '';
  child.stderr.on('data', (data) => { log += data; });
  for await (const data of child.stdout) {
    said += data;
    const found = said.match(/gRPC (\S+) +JSON http:\/\/(\S+) +policy (\S+)/);
    if (found) return { child, grpc: found[1], http: found[2], policy: found[3] };
  }
  throw new Error(`gated --demo ended before it served: ${said}${log}`);
}

function call(client, method, request) {
  const deadline = new Date(Date.now() + 20_000);
  return new Promise((resolve, reject) => client[method](request, { deadline },
    (error, response) => (error ? reject(error) : resolve(response))));
}

// Details of google.rpc.Status in the trailer, by their type's last name.
function detailsOf(error) {
  const decode = (name, bytes) => protos[name].deserialize(bytes);
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const details = {};
  for (const any of decode('google.rpc.Status', bytes).details) {
    const type = any.type_url.split('/').pop();
    details[type.split('.').pop()] = decode(type, any.value);
  }
  return details;
}

async function refused(promise, code) {
  const error = await promise.then(() => assert.fail('the call succeeded'), (e) => e);
  assert.equal(error.code, code, error.message);
  return { message: error.message, ...detailsOf(error) };
}

const demo = await startDemo();
try {
  const gate = new api.Gate(demo.grpc, grpc.credentials.createInsecure());
  const change = { service: 'catalog', environment: 'production', kind: 'CHANGE_KIND_CODE', version: '1.200' };

  const allowed = await call(gate, 'Evaluate', { change, requestId: 'node-1' });
  assert.equal(allowed.decision, 'DECISION_ALLOW', allowed.reason);
  assert.match(allowed.name, /^verdicts\/[0-9A-Z]{26}$/);
  assert.match(allowed.policyDigest, /^[0-9a-f]{64}$/);
  assert.deepEqual(await call(gate, 'Evaluate', { change, requestId: 'node-1' }), allowed);
  assert.deepEqual(await call(gate, 'GetVerdict', { name: allowed.name }), allowed);

  const bad = await call(gate, 'Evaluate', { change: { ...change, version: '1.201-bad' } });
  assert.equal(bad.decision, 'DECISION_BLOCK', bad.reason);
  assert.ok(bad.outcomes.some((outcome) => outcome.check === 'canary' && outcome.outcome === 'OUTCOME_FAIL'));

  const wrong = await refused(call(gate, 'Evaluate', { change: { service: 'a b' } }),
    grpc.status.INVALID_ARGUMENT);
  assert.deepEqual(wrong.BadRequest.fieldViolations.map((violation) => violation.field).sort(),
    ['change.environment', 'change.kind', 'change.service']);
  assert.equal(wrong.ErrorInfo.domain, 'gate.v1');
  assert.ok(wrong.RequestInfo.requestId);

  const other = { change: { ...change, version: '1.202' }, requestId: 'node-1' };
  await refused(call(gate, 'Evaluate', other), grpc.status.ALREADY_EXISTS);
  const rollouts = new api.Rollouts(demo.grpc, grpc.credentials.createInsecure());
  const started = await call(rollouts, 'Start', { change, requestId: 'node-start' });
  assert.equal(started.state, 'ROLLOUT_STATE_PENDING');
  assert.equal((await call(rollouts, 'List', {})).rollouts[0].name, started.name);
  const overrides = new api.Overrides(demo.grpc, grpc.credentials.createInsecure());
  assert.deepEqual((await call(overrides, 'List', {})).overrides ?? [], []);

  // The demo's history was judged, with every decision in it.
  const { verdicts } = await call(gate, 'ListVerdicts', { pageSize: 100 });
  assert.ok(verdicts.length >= 40, `${verdicts.length} verdicts`);
  for (const decision of ['DECISION_ALLOW', 'DECISION_HOLD', 'DECISION_BLOCK']) {
    assert.ok(verdicts.some((verdict) => verdict.decision === decision), decision);
  }
  const oldest = verdicts[verdicts.length - 1];
  assert.ok((await call(gate, 'ReplayVerdict', { name: oldest.name })).identical);

  const overHttp = await fetch(`http://${demo.http}/v1/${allowed.name}`);
  assert.equal((await overHttp.json()).policyDigest, allowed.policyDigest);
  assert.equal((await fetch(`http://${demo.http}/readyz`)).status, 200);
  gate.close();
  rollouts.close();
} finally {
  demo.child.kill('SIGTERM');
}
const exit = await new Promise((resolve) => demo.child.on('exit', resolve));
assert.equal(exit, 0);
assert.ok(!existsSync(demo.policy), 'the temporary folder is gone');
