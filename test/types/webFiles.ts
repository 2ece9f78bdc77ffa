import { openBatches, openTensor } from "../../src/formats/formats.node.ts";

// As formats.ts, for programs with declarations of what browsers have.

export async function web(file: File, blob: Blob, response: Response, url: URL) {
  const batches = await openBatches(file, { labels: blob });
  for await (const { logits, labels } of batches) if (logits.dims[0] !== labels.length) break;
  await openTensor(response);
  await openTensor(blob.stream());
  await openTensor(url);
  return openTensor(await blob.arrayBuffer());
}
