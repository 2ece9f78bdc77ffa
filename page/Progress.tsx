import { paceOf, type Reached } from "../src/cli/pace.ts";

/** How far work is, how fast it goes, and how long it takes yet. */
export function Progress({ reached, begin }: { reached: Reached | undefined; begin: number }) {
  if (reached === undefined || reached.done === 0) {
    return (
      <p class="progress">
        <progress aria-label="Progress" /> <span>starting ...</span>
      </p>
    );
  }
  const { rate, left } = paceOf(reached, performance.now() - begin);
  const { done, total } = reached;
  // a file that does not say how much it holds has no total
  const isKnown = total > 0;
  return (
    <p class="progress">
      <progress aria-label="Progress" max={isKnown ? total : undefined} value={isKnown ? done : undefined} />{" "}
      <span>
        {isKnown && `${Math.floor((100 * done) / total)} %, `}
        {rate}
        {isKnown && `, ${left} left`}
      </span>
    </p>
  );
}
