"""OpenCV on the CPU: what one would do to a picture. Dilation is max pooling with stride 1, medianBlur median pooling."""

import cv2
import numpy as np

from protocol import Prepared, Unsupported, read, serve, threads, window

cv2.setNumThreads(threads())


def prepare(problem):
    kernel, stride, padding = window(problem) or ((), (), ())
    same = len(kernel) == 2 and set(stride) == {1} and all(k == 2 * p + 1 for k, p in zip(kernel, padding))
    if not same or problem["wanted"] != "values" or problem["op"] not in ("max", "median"):
        raise Unsupported("dilation and medianBlur only")
    planes = read(problem["input"], (-1, *problem["shape"][2:]))
    pooled = np.empty_like(planes)
    differs = None
    if problem["op"] == "max":
        element = cv2.getStructuringElement(cv2.MORPH_RECT, kernel[::-1])
        one = lambda plane, out: cv2.dilate(plane, element, dst=out)
    else:
        one, differs = lambda plane, out: cv2.medianBlur(plane, kernel[0], dst=out), "repeats the edge"

    def run():
        for plane, out in zip(planes, pooled):
            one(plane, out)

    def answer():
        run()
        return pooled

    return Prepared(run, answer, differs=differs)


serve(cv2.__version__, f"CPU, {threads()} threads", prepare)
