/// Reads pictures in files, one by one: pages of TIFF files, EXIF orientation. Private to
/// src/video.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/image.h"
#include "video/rgb_converter.h"
#include "video/tiff_pages.h"

namespace posse {

struct PictureSource {
  std::filesystem::path path;
  std::optional<TiffPage> page;  ///< of a TIFF with several
  size_t page_number = 0;        ///< from 1; 0: the file has one picture

  /// "a.png", "stack.tif page 3"
  std::string name() const;
};

/// The pictures of a file: one, or the pages of a TIFF.
/// @param trouble  gets a sentence if the file may have more pages than could be found
std::vector<PictureSource> pictures_of_file(const std::filesystem::path& path,
                                            std::vector<std::string>& trouble);

struct Picture {
  Image image;              ///< upright
  Orientation orientation;  ///< that was applied
  std::string complaint;    ///< why it may be damaged though it was decoded; empty: it is not
};

/// @throws Error as read_image
Picture read_picture(const PictureSource& source);

/// What EXIF's Orientation asks for: 1 to 8; identity for other values.
Orientation orientation_of_exif(int value);

/// EXIF's Orientation in the bytes of a JPEG, PNG or TIFF; 1 where there is none.
int exif_orientation(std::string_view bytes);

}  // namespace posse
