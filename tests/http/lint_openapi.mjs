// Lints an OpenAPI document with Redocly's recommended rules: node lint_openapi.mjs FILE.
// Exit code 1 where it finds an error or a warning.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../deploy/npm/package.json', import.meta.url));
const { createConfig, lint } = require('@redocly/openapi-core');

const config = await createConfig({ extends: ['recommended'] });
const problems = await lint({ ref: process.argv[2], config });
for (const { severity, ruleId, message, location } of problems) {
  console.log(`${severity} ${ruleId} ${location?.[0]?.pointer ?? ''}: ${message}`);
}
process.exit(problems.length === 0 ? 0 : 1);
