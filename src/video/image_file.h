/// Reads and writes picture files.
#pragma once

#include <filesystem>

#include "base/image.h"

namespace posse {

/// One picture file, upright: PNG, JPEG, BMP or TIFF, told by its content; of a TIFF with several
/// pages the first.
/// @throws Error(not_found); Error(bad_file) for what is no picture or is damaged
Image read_image(const std::filesystem::path& path);

/// Writes a PNG through a temporary name. @throws Error(io)
void write_png(const Image& image, const std::filesystem::path& path);

/// Writes a JPEG of high quality, colours at full resolution, through a temporary name.
/// @throws Error(io)
void write_jpeg(const Image& image, const std::filesystem::path& path);

}  // namespace posse
