// The picture of docs/performance.md: time against hosts and against resources, both axes logarithmic, as SVG. Pure.

export interface Series {
  readonly name: string;
  readonly colour: string;
  /** Count and seconds. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

const WIDTH = 420;
const HEIGHT = 300;
const MARGIN = { left: 56, right: 16, top: 40, bottom: 56 };

export function drawPanels(panels: readonly Panel[]): string {
  const drawn = panels.map(
    (panel, index) => `<g transform="translate(${index * WIDTH} 0)">${drawPanel(panel)}</g>`,
  );
  const size = `width="${WIDTH * panels.length}" height="${HEIGHT}" viewBox="0 0 ${WIDTH * panels.length} ${HEIGHT}"`;
  const style = 'font-family="sans-serif" font-size="12"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n<rect width="100%" height="100%" fill="#ffffff"/>\n${drawn.join('\n')}\n</svg>\n`;
}

function drawPanel({ title, series }: Panel): string {
  const points = series.flatMap((one) => one.points);
  const x = scale(
    points.map(([count]) => count),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scale(
    points.map(([, seconds]) => seconds),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const lines = [
    `<text x="${MARGIN.left}" y="20" font-weight="bold">${title}</text>`,
    ...x.ticks.map((tick) => {
      const at = round(x.place(tick));
      return `<line x1="${at}" y1="${MARGIN.top}" x2="${at}" y2="${HEIGHT - MARGIN.bottom}" stroke="#dddddd"/><text x="${at}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${tick}</text>`;
    }),
    ...y.ticks.map((tick) => {
      const at = round(y.place(tick));
      return `<line x1="${MARGIN.left}" y1="${at}" x2="${WIDTH - MARGIN.right}" y2="${at}" stroke="#dddddd"/><text x="${MARGIN.left - 6}" y="${at + 4}" text-anchor="end">${tick} s</text>`;
    }),
    ...series.flatMap((one, index) => drawSeries(one, index, { x: x.place, y: y.place })),
  ];
  return lines.join('\n');
}

interface Places {
  readonly x: (count: number) => number;
  readonly y: (seconds: number) => number;
}

function drawSeries({ name, colour, points }: Series, index: number, { x, y }: Places): string[] {
  if (points.length === 0) return [];
  const placed = points.map(([count, seconds]) => `${round(x(count))},${round(y(seconds))}`);
  const dots = placed.map((at) => {
    const [cx, cy] = at.split(',');
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
  });
  const left = MARGIN.left + index * 110;
  const legend = `<rect x="${left}" y="${HEIGHT - 22}" width="10" height="10" fill="${colour}"/><text x="${left + 16}" y="${HEIGHT - 13}">${name}</text>`;
  return [
    `<polyline points="${placed.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots,
    legend,
  ];
}

/** Whole powers of ten around the values. */
function scale(values: readonly number[], from: number, to: number) {
  const known = values.length === 0 ? [1] : values;
  const low = Math.floor(Math.log10(Math.min(...known)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...known))));
  const place = (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const ticks = Array.from({ length: high - low + 1 }, (_, step) =>
    Number((10 ** (low + step)).toPrecision(1)),
  );
  return { place, ticks };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
