// A process of its own between a client and a host far away: `relay.ts <milliseconds there and back> <address> <port>`.
// Prints the port that it listens on. It stands for the time a packet takes, and not for how TCP begins slowly.
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

const [roundTrip = '', address = '', port = ''] = process.argv.slice(2);
const half = Number(roundTrip) / 2;

const server = createServer({ pauseOnConnect: true, noDelay: true }, (near) => {
  // A real server knows of a connection after one and a half round trips, when the third packet of TCP has arrived.
  setTimeout(() => {
    const far = connect({ host: address, port: Number(port), noDelay: true });
    carry(near, far);
    carry(far, near);
  }, 3 * half);
});
server.listen(0, '127.0.0.1', () => {
  const listening = server.address();
  console.log(typeof listening === 'object' && listening ? listening.port : '');
});

/** Every piece arrives half a round trip after it was sent, in its order; so does the end. */
function carry(from: Socket, to: Socket): void {
  const later = (work: () => void): void => void setTimeout(work, half);
  from.on('data', (bytes) => later(() => to.write(bytes)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => later(() => to.destroySoon()));
  from.resume();
}
