// Chaos for as long as one likes: node test/chaos/chaos.ts --seed 1 --faults 200 [--database --servers 2]. Ends with 1 when
// something that was said is not so. The faults and their order are the seed's; the moments at which they meet a deploy are the machine's.
import { parseArgs } from 'node:util';
import { rageThrough } from './rage.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: '200' },
    servers: { type: 'string', default: '1' },
    database: { type: 'boolean', default: false },
  },
});
const [seed, faults, servers] = [values.seed, values.faults, values.servers].map(Number);
if (servers !== 1 && !values.database) throw new Error('several servers need --database');
const wanted = { seed: seed ?? 1, faults: faults ?? 200, servers: servers ?? 1, database: values.database };
const { table, findings } = await rageThrough(wanted, console.log);
console.log(table);
if (findings.length > 0) {
  console.error(findings.join('\n'));
  process.exitCode = 1;
}
