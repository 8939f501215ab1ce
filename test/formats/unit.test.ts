import { describe, expect, it } from 'vitest';
import { formatUnit, parseUnit } from '../../src/formats/unit.ts';
import type { UnitSections } from '../../src/formats/unit.ts';

interface Row {
  readonly name: string;
  readonly sections: UnitSections;
  readonly text: string;
}

const WRITTEN: readonly Row[] = [
  {
    name: 'a service',
    sections: {
      Unit: {
        Description: 'Shop: it\'s "open" # always',
        After: ['network-online.target', 'postgresql.service'],
      },
      Service: {
        ExecStartPre: ['/bin/true', '-/bin/false'],
        ExecStart: '/opt/shop/bin/shop --port=8080 "a b" ${X} $$ %i ;',
        RestartSec: 1.5,
        RemainAfterExit: true,
        PrivateTmp: false,
      },
      Install: { WantedBy: 'multi-user.target' },
    },
    text: [
      '[Unit]',
      'Description=Shop: it\'s "open" # always',
      'After=network-online.target',
      'After=postgresql.service',
      '',
      '[Service]',
      'ExecStartPre=/bin/true',
      'ExecStartPre=-/bin/false',
      'ExecStart=/opt/shop/bin/shop --port=8080 "a b" ${X} $$ %i ;',
      'RestartSec=1.5',
      'RemainAfterExit=yes',
      'PrivateTmp=no',
      '',
      '[Install]',
      'WantedBy=multi-user.target',
      '',
    ].join('\n'),
  },
  {
    name: 'a list reset and given anew',
    sections: { Service: { ExecStart: ['', '/bin/true'] } },
    text: '[Service]\nExecStart=\nExecStart=/bin/true\n',
  },
  { name: 'an empty section', sections: { Service: {} }, text: '[Service]\n' },
  { name: 'nothing', sections: {}, text: '' },
  {
    name: 'hostile text',
    sections: { Unit: { Description: '漢字 = [x] \\n $(id)' } },
    text: '[Unit]\nDescription=漢字 = [x] \\n $(id)\n',
  },
];

const PROBLEMS: readonly {
  readonly name: string;
  readonly sections: UnitSections;
  readonly problem: RegExp;
}[] = [
  {
    name: 'a newline',
    sections: { Service: { User: 'a\nExecStart=/bin/sh' } },
    problem: /User\[0\]: "a\\nExecStart.*read back as "a"/,
  },
  {
    name: 'a newline with a section',
    sections: { Service: { User: 'a\n[Install]' } },
    problem: /read back as/,
  },
  { name: 'a newline with text', sections: { Service: { User: 'a\nb' } }, problem: /no assignment: "b"/ },
  { name: 'a return', sections: { Service: { User: 'a\rb' } }, problem: /no assignment: "b"/ },
  { name: 'a NUL', sections: { Service: { User: 'a\0b' } }, problem: /no assignment: "b"/ },
  {
    name: 'a last backslash',
    sections: { Service: { User: 'a\\', Group: 'b' } },
    problem: /User\[0\]: "a\\\\" would be read back as "a Group=b"/,
  },
  {
    name: 'a last backslash at the end',
    sections: { Service: { User: 'a\\' } },
    problem: /read back as "a"/,
  },
  {
    name: 'spaces around',
    sections: { Service: { User: ' a ' } },
    problem: /" a " would be read back as "a"/,
  },
  {
    name: 'an empty list',
    sections: { Service: { ExecStart: [] } },
    problem: /an empty list would be read back as nothing/,
  },
  {
    name: 'an odd section',
    sections: { 'Ser]vice': { User: 'a' } },
    problem: /"Ser\]vice" is no name of a section/,
  },
  {
    name: 'an odd key',
    sections: { Service: { '#User': 'a' } },
    problem: /"#User" is no name of a key in \[Service\]/,
  },
];

describe('formatUnit', () => {
  it.each(WRITTEN)('$name', ({ sections, text }) => {
    expect(formatUnit(sections)).toBe(text);
  });

  it.each(PROBLEMS)('$name', ({ sections, problem }) => {
    expect(formatUnit(sections)).toEqual({ problem: expect.stringMatching(problem) });
  });
});

describe('parseUnit', () => {
  it('reads comments, continued lines and repeated sections as systemd does', () => {
    const text = '# x\n; y\n[A]\n Key = one \\\n   two\n\n[B]\nb=1\n[A]\nKey=three\n';
    expect(parseUnit(text)).toEqual({ A: { Key: ['one     two', 'three'] }, B: { b: ['1'] } });
  });

  it.each(['Key=value\n', '[A]\nword\n'])('refuses %j', (text) => {
    expect(() => parseUnit(text)).toThrow(/no assignment/);
  });
});
