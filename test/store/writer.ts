// A process of its own that fills the inbox until it is killed: it says each delivery that it was told is kept.
// With `lock` as second argument it only takes the store and holds it; with `take` it takes one delivery and holds that.
import { z } from 'zod';
import { openStore } from '../../src/store/store.ts';

const Place = z.object({ directory: z.string(), database: z.string().optional() });

const [place = '', mode] = process.argv.slice(2);
const opened = await openStore(Place.parse(JSON.parse(place)), {
  who: `writer ${process.pid}`,
  now: () => new Date(),
  lease: 3000,
});
if (opened.is === 'locked') {
  process.stdout.write(`locked by ${opened.by}\n`);
} else if (mode === 'lock') {
  process.stdout.write('open\n');
  setInterval(() => undefined, 1000);
} else if (mode === 'take') {
  const { deliveries } = opened.store;
  const taken = await deliveries.take();
  process.stdout.write(`${taken?.guid}\n`);
  // Stopped and continued, it goes on here.
  process.stdin.once('data', () => {
    void deliveries.end(taken?.guid ?? '', null).then(
      (mine) => process.stdout.write(`ended ${mine}\n`),
      (error: unknown) => process.stdout.write(`${String(error)}\n`),
    );
  });
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
