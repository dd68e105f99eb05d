"""What the Python workers have in common: they answer orders as posse_worker.cc does ("run N", "logits FILE")."""
import json
import sys
import time

import numpy as np


def read_frame(path, width, height, batch=1):
    """The frame `batch` times: float32 [batch, height, width, 3], 0 ... 255."""
    frame = np.fromfile(path, np.uint8).reshape(1, height, width, 3).astype(np.float32)
    return np.repeat(frame, batch, axis=0)


def serve(run, batch=1):
    """`run()` computes `batch` frames and gives the scoremap_logits of the first; N of "run N" is a multiple of `batch`."""
    start = time.perf_counter()
    for _ in range(3):
        run()
    print(json.dumps({"load_seconds": time.perf_counter() - start}), flush=True)
    for order in sys.stdin:
        verb, argument = order.split()
        if verb == "run":
            begin = time.perf_counter()
            for _ in range(int(argument) // batch):
                run()
            print(json.dumps({"ms_per_frame": 1e3 * (time.perf_counter() - begin) / int(argument)}), flush=True)
        else:
            np.ascontiguousarray(run(), np.float32).tofile(argument)
            print("{}", flush=True)
