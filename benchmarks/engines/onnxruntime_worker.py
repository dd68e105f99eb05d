"""ONNX Runtime as a worker: onnxruntime_worker.py FRAME.rgb WIDTH HEIGHT THREADS BATCH MODEL...

Several models run one after another on every frame, or every BATCH of frames. Run by scripts/pypi_env.py onnxruntime.
"""
import sys

import onnxruntime

from worker import read_frame, serve

frame_file, width, height, threads, batch = sys.argv[1], *map(int, sys.argv[2:6])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
options.log_severity_level = 3
sessions = [onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for model in sys.argv[6:]]
frames = read_frame(frame_file, width, height, batch)


def run():
    for session in sessions:
        (logits,) = session.run(["scoremap_logits"], {"frames": frames})
    return logits[:1]


serve(run, batch)
