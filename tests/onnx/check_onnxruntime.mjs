// Runs an exported model in ONNX Runtime and compares its outputs with posse's own.
// usage: node check_onnxruntime.mjs MANIFEST.json   (NODE_PATH or POSSE_NODE_MODULES names onnxruntime-node's folder)
// Exit status: 0 agrees, 1 does not, 77 ONNX Runtime is not there.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

function loadRuntime() {
  const folders = [process.env.POSSE_NODE_MODULES, process.env.NODE_PATH].filter(Boolean);
  const require = createRequire(import.meta.url);
  for (const folder of folders) {
    try {
      return require(path.join(folder, 'onnxruntime-node'));
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  try {
    return require('onnxruntime-node');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
  }
  console.log('onnxruntime-node is not installed');
  process.exit(77);
}

// Bytes of a file as numbers of the named type.
function readNumbers(file, type) {
  const bytes = fs.readFileSync(file);
  if (type === 'uint8') return new Uint8Array(bytes);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

// Largest difference as a fraction of the expected values' range; NaN if there is one.
function relativeToRange(found, expected) {
  if (found.length !== expected.length) return NaN;
  let least = Infinity;
  let most = -Infinity;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    least = Math.min(least, expected[i]);
    most = Math.max(most, expected[i]);
    const difference = Math.abs(found[i] - expected[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst / (most - least);
}

const ort = loadRuntime();
const manifestPath = process.argv[2];
const folder = path.dirname(manifestPath);
const manifest = JSON.parse(fs.readFileSync(manifestPath, 'utf8'));
const session = await ort.InferenceSession.create(path.join(folder, manifest.model),
                                                  { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
let agrees = true;
for (const run of manifest.runs) {
  const frames = new ort.Tensor(manifest.input_type, readNumbers(path.join(folder, run.frames), manifest.input_type),
                                run.shape);
  const results = await session.run({ frames });
  for (const output of run.outputs) {
    const found = results[output.name];
    const expected = readNumbers(path.join(folder, output.file), 'float32');
    const sameShape = JSON.stringify(found.dims.map(Number)) === JSON.stringify(output.shape);
    const error = sameShape ? relativeToRange(found.data, expected) : NaN;
    const good = error <= manifest.limit;
    agrees = agrees && good;
    console.log(`${good ? 'ok  ' : 'FAIL'} onnxruntime ${output.name} ${run.shape.join('x')}: ` +
                `${sameShape ? error.toExponential(1) : `shape ${found.dims} instead of ${output.shape}`}`);
  }
}
process.exit(agrees ? 0 : 1);
