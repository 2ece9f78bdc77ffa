export interface Curve {
  readonly name: string;
  /** Of the style sheet. */
  readonly class: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 640;
const HEIGHT = 280;
/** Room for the numbers. */
const LEFT = 48;
const RIGHT = 20;
const BOTTOM = 26;

interface Props {
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly mostX: number;
  readonly mostY: number;
}

/** Lines over a grid of quarters, that can be drawn anew with every point. */
export function LineChart({ label, curves, mostX, mostY }: Props) {
  const x = (value: number) => LEFT + (value / mostX) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => 8 + (1 - Math.min(1, value / mostY)) * (HEIGHT - BOTTOM - 8);
  const quarters = [0, 0.25, 0.5, 0.75, 1];
  return (
    <svg class="line-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <title>{label}</title>
      {quarters.map((share) => (
        <g key={share}>
          <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(share * mostY)} y2={y(share * mostY)} />
          <text x={LEFT - 6} y={y(share * mostY) + 4} text-anchor="end">
            {Number((share * mostY).toPrecision(3))}
          </text>
          <text x={x(share * mostX)} y={HEIGHT - 6} text-anchor="middle">
            {Math.round(share * mostX)}
          </text>
        </g>
      ))}
      {curves.map((curve) => (
        <polyline
          key={curve.name}
          class={curve.class}
          points={curve.points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ")}
        />
      ))}
    </svg>
  );
}
