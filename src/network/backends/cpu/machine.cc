#include "network/backends/cpu/machine.h"

#include "base/error.h"

namespace posse::cpu {

MutableMapView Machine::map(float* data, int64_t height, int64_t width,
                            int64_t padded_channels) const {
  MutableMapView view = {.data = data,
                         .height = height,
                         .width = width,
                         .vectors = padded_channels / lanes(),
                         .pixel_stride = padded_channels,
                         .vector_stride = lanes()};
  if (format == MapFormat::blocked8) {
    view.pixel_stride = lanes();
    view.vector_stride = height * width * lanes();
  }
  return view;
}

Machine machine_with(InstructionSet set) {
  const Kernels* kernels = kernels_for(set);
  if (kernels == nullptr) {
    throw Error(ErrorKind::unavailable, "this machine does not have the instructions asked for");
  }
  return {kernels, set == InstructionSet::avx512 ? MapFormat::channels_last : MapFormat::blocked8};
}

const Machine& this_machine() {
  static const Machine machine = [] {
    // oneDNN can be held back (its environment variables, an old version): follow it, since it
    // does most of the work.
    if (kernels_for(InstructionSet::avx512) != nullptr &&
        onednn_is_fast(MapFormat::channels_last)) {
      return machine_with(InstructionSet::avx512);
    }
    return machine_with(kernels_for(InstructionSet::avx2) != nullptr ? InstructionSet::avx2
                                                                     : InstructionSet::baseline);
  }();
  return machine;
}

}  // namespace posse::cpu
