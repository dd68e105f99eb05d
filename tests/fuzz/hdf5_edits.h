/// Makes HDF5 files for fuzzing: sound files whose attributes and datasets are replaced as the
/// input says. Damage to HDF5's own structures would test the library instead.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "fuzz/fuzz_target.h"

namespace posse::fuzz {

/// A copy of one of the files tests/fuzz/bases/<names> with edits, until the input is used up:
/// attributes and datasets deleted, or written anew as text, numbers or records of any size.
std::filesystem::path edited_hdf5(std::span<const char* const> names, Input& input);

}  // namespace posse::fuzz
