// Picture files. The decoders are the libraries'; sizes, formats and strides are ours.
#include "fuzz/fuzz_target.h"
#include "video/image_file.h"

void posse::fuzz::read_input(std::span<const uint8_t> input) {
  read_image(scratch_file("picture.png", text_of(input)));
}
