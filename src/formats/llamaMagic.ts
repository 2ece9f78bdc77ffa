/** What the base logits begin with that llama.cpp's perplexity tool saves. */
export const LLAMA_MAGIC = "_logits_";
