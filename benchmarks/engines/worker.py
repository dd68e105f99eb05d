"""What the Python workers have in common: they answer orders as posse_worker.cc does ("run N", "logits FILE")."""
import json
import sys
import time

import numpy as np


def read_frame(path, width, height):
    """float32 [1, height, width, 3], 0 ... 255."""
    return np.fromfile(path, np.uint8).reshape(1, height, width, 3).astype(np.float32)


def serve(run):
    """`run()` computes one frame and gives its scoremap_logits."""
    start = time.perf_counter()
    for _ in range(3):
        run()
    print(json.dumps({"load_seconds": time.perf_counter() - start}), flush=True)
    for order in sys.stdin:
        verb, argument = order.split()
        if verb == "run":
            begin = time.perf_counter()
            for _ in range(int(argument)):
                run()
            print(json.dumps({"ms_per_frame": 1e3 * (time.perf_counter() - begin) / int(argument)}), flush=True)
        else:
            np.ascontiguousarray(run(), np.float32).tofile(argument)
            print("{}", flush=True)
