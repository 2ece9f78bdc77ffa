// What the suites take from "vitest", put together of its parts that run in any engine. test/browsers/bundle.ts lets the
// suites import this instead.

import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import * as chai from "chai";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export { afterAll, afterEach, beforeAll, describe, it, test } from "@vitest/runner";
export const { expect } = chai;
