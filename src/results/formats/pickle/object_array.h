/// Reads numpy arrays of Python objects, as pandas pickles columns of dtype object into HDF5.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace posse {

struct ObjectArray {
  std::vector<size_t> shape;   ///< outermost first
  std::vector<double> values;  ///< [product of shape], row-major; NaN for None
};

/// Reads the pickle (protocols 2 to 5) of a numpy object array that holds numbers and None.
///
/// Python's floats and integers and numpy's float and integer scalars are understood. No class is
/// looked up and nothing is executed: what a pickle would call is only compared with the names of
/// the few functions that numpy's arrays consist of. Time and memory stay proportional to the
/// bytes.
/// @throws Error(bad_file) naming what was found instead, as "text at value 3"
ObjectArray read_object_array(std::span<const uint8_t> pickle);

}  // namespace posse
