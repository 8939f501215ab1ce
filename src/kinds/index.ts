// The kinds that there are, one line each. Their order says nothing.
import type { AnyKind } from '../core/kind.ts';
import { command } from './command.ts';
import { container } from './container.ts';
import { directory } from './directory.ts';
import { file } from './file.ts';
import { symlink } from './symlink.ts';
import { group } from './group.ts';
import { packageKind } from './package.ts';
import { service } from './service.ts';
import { cron } from './cron.ts';
import { sudoers } from './sudoers.ts';
import { hostname } from './hostname.ts';
import { mount } from './mount.ts';
import { authorizedKey } from './authorized-key.ts';
import { release } from './release.ts';
import { nftables } from './nftables.ts';
import { aptRepository } from './apt-repository.ts';
import { timer } from './timer.ts';
import { sysctl } from './sysctl.ts';
import { swap } from './swap.ts';
import { user } from './user.ts';

export const kinds: readonly AnyKind[] = [
  command,
  container,
  directory,
  file,
  symlink,
  group,
  packageKind,
  service,
  sysctl,
  timer,
  aptRepository,
  nftables,
  release,
  authorizedKey,
  hostname,
  mount,
  cron,
  sudoers,
  swap,
  user,
];
