// A process of its own that fills the inbox until it is killed: it says each delivery that it was told is kept.
// With `lock` as second argument it only takes the store and holds it.
import { openStore } from '../../src/store/store.ts';

const [directory = '', mode] = process.argv.slice(2);
const opened = openStore(directory, { who: `writer ${process.pid}`, now: () => new Date() });
if (opened.is === 'locked') {
  process.stdout.write(`locked by ${opened.by}\n`);
} else if (mode === 'lock') {
  process.stdout.write('open\n');
  setInterval(() => undefined, 1000);
} else {
  for (let index = 0; ; index++) {
    const guid = `${process.pid}-${index}`;
    await opened.store.deliveries.put({
      guid,
      event: 'push',
      payload: 'x'.repeat(4000),
      group: `g${index % 3}`,
    });
    process.stdout.write(`${guid}\n`);
  }
}
