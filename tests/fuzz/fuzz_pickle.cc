// Python pickles in attributes of HDF5 files.
#include "fuzz/fuzz_target.h"
#include "results/formats/pickle/pickle_text.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) { read_pickle_text(text_of(input)); }
