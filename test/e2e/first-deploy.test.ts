// The first deploy of an application on a bare host: nothing that it stands on is there yet, and the plan must know that all of it comes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

const RESOURCES = `
  - package: lab-hello
  - group: shop-data
  - user: shop
    system: true
    groups: [shop-data]
  - user: ada
  - directory: /opt/shop
    owner: shop
    group: shop-data
    mode: "2750"
  - directory: /opt/shop/bin
  - file: /opt/shop/bin/shop
    content: |
      #!/bin/sh
      exec sleep infinity
    mode: "0755"
  - file: /opt/shop/config.json
    json: { port: 8080, secret: "it's $5 \\"each\\"" }
    owner: shop
    group: shop
    mode: "0640"
  - file: /etc/lab-hello/extra
    content: brought by a package that is not there yet
  - file: /home/ada/notes
    content: in a home that is not there yet
    owner: ada
    group: ada
  - command: prepare
    run: [sh, -c, "id -un > out && mkdir made"]
    directory: /opt/shop
    user: shop
    creates: /opt/shop/made
  - file: /opt/shop/made/x
    content: in a directory that a command makes
  - symlink: /opt/shop/current
    to: bin
  - file: /opt/shop/current/through
    content: through a link that is not there yet
  - service: shop
    unit: { Unit: { Description: Shop }, Service: { ExecStart: /opt/shop/bin/shop, User: shop } }
    running: true
    restart_on: [/opt/shop/config.json]
`;

it.each(['old', 'new'])(
  'plans all of it without a false error, does it, and finds nothing left, on %s',
  async (name) => {
    const files = fleet.files({ 'shop.yml': `on: ${name}\nresources:${RESOURCES}` });
    const plan = await fleet.plan(files);
    expect(linesOf(plan).filter((line) => !/ (create|run) /.test(line))).toEqual([]);
    expectDone(await fleet.deploy(plan, files));
    expect(linesOf(await fleet.plan(files))).toEqual([]);
    const look = await fleet.lab
      .host(name)
      .exec([
        'sh',
        '-c',
        'cd /opt/shop && cat out bin/through && stat -c "%n %a %U:%G" . config.json made /home/ada/notes',
      ]);
    expect(look.stdout.split('\n')).toEqual([
      'shop',
      'through a link that is not there yet. 2750 shop:shop-data',
      'config.json 640 shop:shop',
      'made 2755 shop:shop-data',
      '/home/ada/notes 644 ada:ada',
      '',
    ]);
  },
);
