// Chaos for as long as one likes: node test/chaos/chaos.ts --seed 1 --faults 200. Ends with 1 when something that was
// said is not so. The faults and their order are the seed's; the moments at which they meet a deploy are the machine's.
import { parseArgs } from 'node:util';
import { rageThrough } from './rage.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, faults: { type: 'string', default: '200' } },
});
const { table, findings } = await rageThrough(Number(values.seed), Number(values.faults), console.log);
console.log(table);
if (findings.length > 0) {
  console.error(findings.join('\n'));
  process.exitCode = 1;
}
