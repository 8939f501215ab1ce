// The unit of systemd that a container is: one text for podman 4.3 of Debian 12, which has no quadlet, and for all later ones. Pure.
// What podman-run(1) is told stands in it, so a container differs from its declaration when its unit does, and nothing is inspected.
import { formatExec, formatUnit, literal } from '../../formats/unit.ts';
import type { Formatted } from '../../formats/proof.ts';
import { imageRef } from './image.ts';
import type { ContainerSpec } from './spec.ts';

const PODMAN = '/usr/bin/podman';

export function envPath(id: string): string {
  return `/etc/containers/ashore-${id}.env`;
}

/** Podman's name for the container is that of the unit, which systemd puts in for `%N`. */
const NAME = '%N';

export function containerUnit(spec: ContainerSpec, image: string): Formatted {
  const stop = spec.stop ?? 10;
  return formatUnit({
    Unit: {
      Description: `Container of ${literal(image.replace(/@.*$/, ''))}`,
      Wants: 'network-online.target',
      After: 'network-online.target',
      RequiresMountsFor: '/var/lib/containers',
    },
    Service: {
      Type: 'notify',
      NotifyAccess: 'all',
      Delegate: true,
      KillMode: 'mixed',
      Restart: spec.restart ?? 'always',
      // What a program that has no word of its own for it ends with when it is asked to stop.
      SuccessExitStatus: 143,
      TimeoutStartSec: 120,
      TimeoutStopSec: stop + 20,
      Environment: 'PODMAN_SYSTEMD_UNIT=%n',
      ExecStart: startLine(spec, image),
      ExecStop: `${PODMAN} stop --ignore --time=${stop} ${NAME}`,
      ExecStopPost: `${PODMAN} rm --ignore --force --time=${stop} ${NAME}`,
    },
    Install: { WantedBy: 'multi-user.target' },
  });
}

/** The image is brought by the deploy, so that a start needs no registry. Output goes to the journal of the unit itself. */
const ALWAYS = [
  '--replace',
  '--rm',
  '--detach',
  '--pull=never',
  '--cgroups=split',
  '--sdnotify=conmon',
  '--log-driver=passthrough',
];

function startLine(spec: ContainerSpec, image: string): string {
  const env = Object.keys(spec.env ?? {}).length === 0 ? [] : [`--env-file=${envPath(NAME)}`];
  const words = [...optionWords(spec), ...entryWords(spec), imageRef(image), ...(spec.command ?? [])];
  return [PODMAN, 'run', `--name=${NAME}`, ...ALWAYS, ...env, formatExec(words)].join(' ');
}

function optionWords({
  network,
  ports = [],
  volumes = [],
  user,
  read_only,
}: ContainerSpec): readonly string[] {
  return [
    ...(network === undefined ? [] : [`--network=${network}`]),
    ...ports.map((port) => `--publish=${port}`),
    ...volumes.map(
      (volume) => `--volume=${volume.volume ?? volume.path}:${volume.at}${volume.read_only ? ':ro' : ''}`,
    ),
    ...(user === undefined ? [] : [`--user=${user}`]),
    ...(read_only ? ['--read-only'] : []),
  ];
}

/** As JSON, because words of their own are words of their own then (podman-run(1), --entrypoint). */
function entryWords({ entrypoint }: ContainerSpec): readonly string[] {
  return entrypoint === undefined ? [] : [`--entrypoint=${JSON.stringify(entrypoint)}`];
}
