"""OpenCV's DNN module as a worker: opencv_worker.py FRAME.rgb WIDTH HEIGHT THREADS MODEL..."""
import sys

import cv2

from worker import read_frame, serve

frame_file, width, height, threads = sys.argv[1], *map(int, sys.argv[2:5])
cv2.setNumThreads(threads)
nets = [cv2.dnn.readNetFromONNX(model) for model in sys.argv[5:]]
frame = read_frame(frame_file, width, height)


def run():
    for net in nets:
        net.setInput(frame, "frames")
        logits = net.forward("scoremap_logits")
    return logits


serve(run)
