// Usage: node time_onnxruntime.js MODEL WIDTH HEIGHT THREADS RUNS   (NODE_PATH finds onnxruntime-node)
// Prints the median milliseconds per frame, batch 1.
const ort = require('onnxruntime-node');
const [model, width, height, threads, runs] = process.argv.slice(2).map((v, i) => (i ? Number(v) : v));
(async () => {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all'});
  const data = new Float32Array(width * height * 3).map((_, i) => (i * 2654435761 >>> 8) & 255);
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', data, [1, height, width, 3])};
  await session.run(feeds, ['scoremap_logits']);
  const times = [];
  for (let i = 0; i < runs; i++) {
    const start = process.hrtime.bigint();
    await session.run(feeds, ['scoremap_logits']);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  times.sort((a, b) => a - b);
  console.log(times[times.length >> 1]);
})();
