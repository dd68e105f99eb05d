// A shared library that is not ONNX Runtime.
extern "C" int posse_empty_library() { return 0; }
