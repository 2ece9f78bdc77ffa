export interface Curve {
  readonly name: string;
  /** Of the style sheet. */
  readonly class: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 640;
const HEIGHT = 280;
interface Props {
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly mostX: number;
  readonly mostY: number;
}

/** Lines over a grid of quarters, that can be drawn anew with every point. */
export function LineChart({ label, curves, mostX, mostY }: Props) {
  const x = (value: number) => (value / mostX) * WIDTH;
  const y = (value: number) => 1 + (1 - Math.min(1, value / mostY)) * (HEIGHT - 2);
  const quarters = [0, 0.25, 0.5, 0.75, 1];
  return (
    <div class="line-chart">
      <div class="y-labels" aria-hidden="true">
        {quarters.toReversed().map((share) => (
          <span key={share}>{Number((share * mostY).toPrecision(3))}</span>
        ))}
      </div>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {quarters.map((share) => (
          <line key={share} class="grid" x1={0} x2={WIDTH} y1={y(share * mostY)} y2={y(share * mostY)} />
        ))}
        {curves.map((curve) => (
          <polyline
            key={curve.name}
            class={curve.class}
            points={curve.points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ")}
          />
        ))}
      </svg>
      <div class="x-labels" aria-hidden="true">
        {quarters.map((share) => (
          <span key={share}>{Math.round(share * mostX)}</span>
        ))}
      </div>
    </div>
  );
}
