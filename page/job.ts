// Work in a worker: one request, news on the way, one result. Both sides of it.

/** What a worker says. */
type Message<News, Result> = { news: News } | { result: Result } | { failure: string };

const CANCEL = "cancel";

/** What a job that was cancelled throws, in the worker and in the page. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled");
  }
}

export interface Job<Result> {
  readonly result: Promise<Result>;
  /** Ends it at the next news. */
  cancel(): void;
}

/** A worker that takes one request after the other. */
export interface Connection {
  start<News, Result>(request: unknown, onNews: (news: News) => void): Job<Result>;
  /** Ends the worker, whatever it does. */
  close(): void;
}

/** Starts the worker of a script beside the page's. */
export function connect(script: string): Connection {
  let isBroken = false;
  let onBroken = (_sentence: string) => {};
  const open = () => {
    const it = new Worker(new URL(script, document.baseURI), { type: "module" });
    it.onerror = (event) => {
      isBroken = true;
      onBroken(event.message || `${script} could not be loaded`);
    };
    return it;
  };
  let worker = open();
  return {
    start<News, Result>(request: unknown, onNews: (news: News) => void) {
      // the network may be there again
      if (isBroken) {
        worker.terminate();
        worker = open();
        isBroken = false;
      }
      const result = new Promise<Result>((resolve, reject) => {
        onBroken = (sentence) => reject(new Error(sentence));
        worker.onmessage = ({ data }: MessageEvent<Message<News, Result>>) => {
          if ("news" in data) onNews(data.news);
          else if ("result" in data) resolve(data.result);
          else reject(data.failure === CANCEL ? new Cancelled() : new Error(data.failure));
        };
      });
      worker.postMessage(request);
      return { result, cancel: () => worker.postMessage(CANCEL) };
    },
    close: () => worker.terminate(),
  };
}

/** The globals of a worker, as far as they are needed. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

/**
 * Answers requests in a worker, one at a time. `tell` posts news, and throws where the page has cancelled: the job must have
 * let messages in before, as any wait for a file or for `turn` does.
 */
export function answer<Request, News, Result>(
  run: (request: Request, tell: (news: News) => void) => Promise<Result>,
): void {
  const scope = globalThis as unknown as WorkerScope;
  let cancelled = false;
  const tell = (news: News) => {
    if (cancelled) throw new Cancelled();
    scope.postMessage({ news });
  };
  scope.onmessage = async ({ data }: MessageEvent<Request | typeof CANCEL>) => {
    if (data === CANCEL) {
      cancelled = true;
      return;
    }
    cancelled = false;
    try {
      scope.postMessage({ result: await run(data, tell) });
    } catch (error) {
      scope.postMessage({ failure: error instanceof Cancelled ? CANCEL : sentenceOf(error) });
    }
  };
}

/** One line, with the file where the error names one. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { path } = error as { path?: string };
  const text = path === undefined || error.message.startsWith(path) ? error.message : `${path}: ${error.message}`;
  return text.replace(/\s+/g, " ");
}

/** Lets messages in. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port2.close();
      resolve();
    };
    port1.postMessage(null);
  });
}
