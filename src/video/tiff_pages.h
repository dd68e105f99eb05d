/// Reads pages of TIFF files, each as a file of its own. Private to src/video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// Where a page lies.
struct TiffPage {
  uint64_t directory = 0;  ///< of its entries, in bytes from the file's beginning
  uint64_t plane = 0;      ///< pictures to pass over behind the first (ImageJ's stacks beyond 4 GB)
};

struct TiffPages {
  /// In order of the file, without thumbnails, other resolutions and masks (NewSubfileType).
  std::vector<TiffPage> pages;
  /// True: BigTIFF.
  bool is_big = false;
  /// Why there may be more pages than these; empty if the file is whole.
  std::string trouble;
};

/// The pages of a classic TIFF or BigTIFF; nothing is decoded. Nullopt for other files.
/// @throws Error(io) if the file cannot be opened
std::optional<TiffPages> tiff_pages(const std::filesystem::path& path);

/// One page as a classic TIFF with nothing else in it. Directories of other pictures and of EXIF
/// are left out. @throws Error(bad_file) if it reaches beyond the end or is larger than 1 GiB
std::string tiff_of_page(const std::filesystem::path& path, const TiffPage& page);

/// Tags of a directory whose value is one small number; EXIF has Orientation too.
enum class TiffTag : uint16_t { compression = 259, orientation = 274 };

/// A tag's value in the first directory of a TIFF's bytes; nullopt where there is none.
std::optional<uint64_t> tiff_value(std::string_view bytes, TiffTag tag);

}  // namespace posse
