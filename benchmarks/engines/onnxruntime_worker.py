"""ONNX Runtime as a worker: onnxruntime_worker.py FRAME.rgb WIDTH HEIGHT THREADS MODEL...

Several models run one after another on every frame. Run by scripts/pypi_env.py onnxruntime.
"""
import sys

import onnxruntime

from worker import read_frame, serve

frame_file, width, height, threads = sys.argv[1], *map(int, sys.argv[2:5])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
options.log_severity_level = 3
sessions = [onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for model in sys.argv[5:]]
frame = read_frame(frame_file, width, height)


def run():
    for session in sessions:
        (logits,) = session.run(["scoremap_logits"], {"frames": frame})
    return logits


serve(run)
