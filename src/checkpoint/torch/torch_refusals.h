/// Refuses files that are not what torch.save() writes today, by their first bytes or their
/// entries.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "checkpoint/torch/zip_archive.h"

namespace posse {

/// @throws Error(bad_file, unsupported), saying what the file is and the way out, unless it begins
/// as a zip archive does: an empty file, a Git LFS pointer, torch's format before 1.6, a tar
/// archive, HDF5, safetensors, a page of a web server.
void refuse_other_beginnings(std::span<const uint8_t> bytes, const std::string& file);

/// @throws Error(unsupported) for an archive that torch.save() did not write: a TorchScript
/// program, numpy's .npz, an archive of other files.
void refuse_other_archives(const ZipArchive& archive, const std::string& file);

/// True if a file begins like one that torch wrote, whatever else is wrong with it.
bool begins_like_torch(std::span<const uint8_t> bytes);

}  // namespace posse
