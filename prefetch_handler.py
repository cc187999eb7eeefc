import os, threading, sys
def _go():
    site = next(p for p in sys.path if p.endswith("site-packages"))
    for path in ("onnxruntime/capi/onnxruntime_pybind11_state.cpython-311-x86_64-linux-gnu.so","numpy/_core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so","numpy.libs/libscipy_openblas64_-32a4b2a6.so","tokenizers/tokenizers.abi3.so", os.environ["AGNEWS_MODEL_DIR"]+"/model.onnx.data"):
        fd = os.open(os.path.join(site, path), os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)
        os.close(fd)
if os.environ.get("PF")=="thread":
    threading.Thread(target=_go).start()
elif os.environ.get("PF")=="inline": _go()
from handler import lambda_handler
