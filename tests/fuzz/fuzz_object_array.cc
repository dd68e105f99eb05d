// NumPy's pickled arrays of Python objects, in pandas' HDF5 files.
#include "fuzz/fuzz_target.h"
#include "results/formats/pickle/object_array.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) { read_object_array(input); }
