"""DeepLabCut 2.3 on TensorFlow as a worker: its own network definition over the snapshot itself.

tensorflow_worker.py FRAME.rgb WIDTH HEIGHT THREADS SNAPSHOT NET   (run by scripts/pypi_env.py deeplabcut-tensorflow)

Only the scoremap's logits are fetched, so that TensorFlow leaves the location refinement out, as the other workers do.
"""
import contextlib
import os
import sys

os.environ.update(DLClight="True", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")

with contextlib.redirect_stdout(sys.stderr):  # it says its version there, where answers go
    import tensorflow as tf
    from deeplabcut.pose_estimation_tensorflow.nnets.factory import PoseNetFactory

from worker import read_frame, serve

MEAN_PIXEL = [123.68, 116.779, 103.939]


def settings(snapshot, net):
    """What DeepLabCut's pose_cfg.yaml says of such a network."""
    shape = tf.train.load_checkpoint(snapshot).get_variable_to_shape_map()["pose/part_pred/block4/weights"]
    return {"net_type": net, "num_joints": shape[2], "location_refinement": True, "intermediate_supervision": False, "weight_decay": 1e-4,
            "dataset_type": "imgaug", "stride": 8.0, "mean_pixel": MEAN_PIXEL, "output_stride": 16, "deconvolutionstride": 2,
            "multi_stage": False, "partaffinityfield_predict": False, "pairwise_predict": False, "batch_size": 1}


def main():
    frame_file, width, height, threads, snapshot, net = sys.argv[1], *map(int, sys.argv[2:5]), *sys.argv[5:7]
    tf.compat.v1.disable_eager_execution()
    frames = tf.compat.v1.placeholder(tf.float32, [1, None, None, 3])
    logits = PoseNetFactory.create(settings(snapshot, net)).get_net(frames)["part_pred"]
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
    with tf.compat.v1.Session(config=config) as session:
        tf.compat.v1.train.Saver().restore(session, snapshot)
        picture = read_frame(frame_file, width, height)
        serve(lambda: session.run(logits, {frames: picture})[0])


main()
