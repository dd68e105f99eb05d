"""Usage: time_opencv.py MODEL WIDTH HEIGHT THREADS RUNS. Prints the median milliseconds per frame, batch 1."""
import sys
import time

import cv2
import numpy as np

model, width, height, threads, runs = sys.argv[1], *map(int, sys.argv[2:])
cv2.setNumThreads(threads)
net = cv2.dnn.readNetFromONNX(model)
frame = np.random.default_rng(1).integers(0, 256, (1, height, width, 3)).astype(np.float32)
times = []
for i in range(runs + 1):
    net.setInput(frame)
    start = time.perf_counter()
    net.forward("scoremap_logits")
    times.append(1e3 * (time.perf_counter() - start))
print(sorted(times[1:])[runs // 2])
