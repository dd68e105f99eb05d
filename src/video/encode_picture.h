/// Encodes pictures as the bytes of files, and renders drawings as pictures.
#pragma once

#include <string>

#include "base/image.h"

namespace posse {

/// A PNG. The same picture gives the same bytes. @throws Error(invalid_value) for an empty picture;
/// Error(unavailable) where the installed libavcodec has no encoder
std::string png_of(const Image& image);

/// A JPEG of 4:2:0 chroma. @param coarseness  of the quantiser: 2 (best) to 31. @throws as png_of
std::string jpeg_of(const Image& image, int coarseness = 5);

/// A drawing in SVG as a picture of `width` pixels on white, as high as it is drawn.
/// @throws Error(unavailable) where the installed libavcodec draws no SVG (Debian's does);
/// Error(bad_file) for what is no SVG
Image image_of_svg(const std::string& svg, int width);

}  // namespace posse
