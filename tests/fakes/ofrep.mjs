// An OFREP server over flagd's own evaluator. Serves each file of a folder below its name:
//
//   node ofrep.mjs FOLDER         prints its port, then answers until it is ended
//   POST /NAME/ofrep/v1/evaluate/flags
//
// Where the answer depends on the default in the code it has no value (OFREP's ADR 0006), and the
// reason of the evaluator.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../../deploy/flags/', import.meta.url));
const { FlagdCore } = require('@openfeature/flagd-core');

const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const folder = process.argv[2];

function evaluate(core, key, context) {
  const [off, on] = [false, true].map((inCode) => core.resolveBooleanEvaluation(key, inCode, context));
  const answer = { key, reason: off.reason, variant: off.variant };
  if (off.errorCode !== undefined) answer.errorCode = off.errorCode;
  if (off.value === on.value) answer.value = off.value;
  return answer;
}

function respond(request, body, response) {
  const send = (status, answer, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  };
  const path = /^\/([^/]+)\/ofrep\/v1\/evaluate\/flags$/.exec(request.url);
  if (request.method !== 'POST' || path === null) return send(404, {});
  const text = readFileSync(join(folder, path[1]), 'utf8');
  const core = new FlagdCore(undefined, quiet);
  try {
    core.setConfigurations(text);
  } catch (error) {
    return send(500, { errorDetails: `flagd refuses the file: ${error.message}` });
  }
  const etag = `"${createHash('sha1').update(text).update(body).digest('hex')}"`;
  if (request.headers['if-none-match'] === etag) return send(304);
  const { context } = JSON.parse(body);
  const flags = [...core.getFlags().keys()].map((key) => evaluate(core, key, context ?? {}));
  return send(200, { flags }, { ETag: etag });
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => respond(request, body, response));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
