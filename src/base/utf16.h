/// Recognises UTF-16 text by the bytes that begin it.
#pragma once

#include <string_view>

namespace posse {

/// What iconv calls the encoding of UTF-16 text: "UTF-16" where a byte order mark begins it,
/// "UTF-16LE" or "UTF-16BE" where every second of its first 200 bytes is NUL (at least 8 of them)
/// and not all of the others are; else empty.
std::string_view utf16_encoding(std::string_view bytes);

}  // namespace posse
