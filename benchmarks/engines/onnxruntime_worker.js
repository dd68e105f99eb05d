// ONNX Runtime as a worker: node onnxruntime_worker.js FRAME.rgb WIDTH HEIGHT THREADS MODEL...
// Several models run one after another on every frame. Orders and answers as in posse_worker.cc ("run N", "logits FILE").
// NODE_PATH must find the npm package onnxruntime-node.
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');
const [frameFile, width, height, threads, ...models] = process.argv.slice(2);

(async () => {
  const start = process.hrtime.bigint();
  const sessions = [];
  for (const model of models) {
    sessions.push(await ort.InferenceSession.create(model, {
      intraOpNumThreads: Number(threads), interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
      logSeverityLevel: 3}));
  }
  const frame = new ort.Tensor('float32', Float32Array.from(fs.readFileSync(frameFile)), [1, Number(height), Number(width), 3]);
  const run = async () => {
    let last;
    for (const session of sessions) last = (await session.run({frames: frame}, ['scoremap_logits'])).scoremap_logits;
    return last;
  };
  for (let i = 0; i < 3; i++) await run();
  console.log(JSON.stringify({load_seconds: Number(process.hrtime.bigint() - start) * 1e-9}));
  for await (const order of readline.createInterface({input: process.stdin})) {
    const [verb, argument] = order.split(' ');
    if (verb === 'run') {
      const begin = process.hrtime.bigint();
      for (let i = 0; i < Number(argument); i++) await run();
      console.log(JSON.stringify({ms_per_frame: Number(process.hrtime.bigint() - begin) * 1e-6 / Number(argument)}));
    } else {
      const logits = (await run()).data;
      fs.writeFileSync(argument, Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength));
      console.log('{}');
    }
  }
})();
