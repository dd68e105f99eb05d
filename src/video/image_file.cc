#include "video/picture_file.h"

// Single pictures: decoding by content, PNG encoding.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/files.h"
#include "video/image_file.h"
#include "video/libav.h"
#include "video/rgb_converter.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMostPictureBytes = uint64_t{1} << 30;

AVCodecID codec_of_content(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return AV_CODEC_ID_PNG;
  if (bytes.starts_with("\xff\xd8\xff")) return AV_CODEC_ID_MJPEG;
  if (bytes.starts_with("BM")) return AV_CODEC_ID_BMP;
  if (bytes.starts_with(std::string_view("II*\0", 4)) ||
      bytes.starts_with(std::string_view("MM\0*", 4))) {
    return AV_CODEC_ID_TIFF;
  }
  return AV_CODEC_ID_NONE;
}

libav::Owned<AVCodecContext> open_decoder(AVCodecID id, const fs::path& path) {
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr) {
    throw Error(ErrorKind::unavailable,
                fmt::format("picture '{}': the installed libavcodec cannot decode '{}'",
                            path.string(), avcodec_get_name(id)));
  }
  libav::Owned<AVCodecContext> decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw std::bad_alloc();
  decoder->thread_count = 1;
  if (avcodec_open2(decoder.get(), codec, nullptr) < 0) {
    throw Error(ErrorKind::unavailable, fmt::format("decoder '{}' does not start", codec->name));
  }
  return decoder;
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

int tiff_orientation(std::string_view bytes) {
  const uint64_t value = tiff_value(bytes, TiffTag::orientation).value_or(1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

/// libav decodes JPEG pieces inside a TIFF to wrong colours without a word.
void refuse_jpeg_in_tiff(std::string_view bytes, const std::string& name) {
  const uint64_t compression = tiff_value(bytes, TiffTag::compression).value_or(1);
  if (compression != 6 && compression != 7) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("picture '{}' is a TIFF with JPEG compression, which is not read", name),
              {.hint = "save it as TIFF with LZW or without compression, or as PNG"});
}

/// Of a JPEG's segment APP1.
int orientation_in_jpeg(std::string_view bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  for (size_t at = 2; at + 4 <= bytes.size() && bytes[at] == '\xff';) {
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) break;  // the picture begins, or ends
    const size_t size = big_endian(bytes.substr(at + 2, 2));
    const std::string_view content = bytes.substr(at + 4, size < 2 ? 0 : size - 2);
    if (marker == 0xe1 && content.starts_with(kExif))
      return tiff_orientation(content.substr(kExif.size()));
    at += 2 + size;
  }
  return 1;
}

int orientation_in_png(std::string_view bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t size = big_endian(bytes.substr(at, 4));
    const std::string_view name = bytes.substr(at + 4, 4);
    if (name == "eXIf") return tiff_orientation(bytes.substr(at + 8, size));
    if (name == "IEND" || size > bytes.size()) break;
    at += 12 + size;
  }
  return 1;
}

/// A JPEG without an end was cut short, as by a copy that was broken off; libav fills it with grey.
bool is_cut_jpeg(std::string_view bytes) {
  const size_t scan = bytes.rfind("\xff\xda");
  return codec_of_content(bytes) == AV_CODEC_ID_MJPEG && scan != std::string_view::npos &&
         bytes.find("\xff\xd9", scan) == std::string_view::npos;
}

/// @param complaint  gets what libav prints though it decodes the picture
libav::Owned<AVFrame> decode(const std::string& bytes, const PictureSource& source,
                             std::string& complaint) {
  const std::string name = (source.path.parent_path() / source.name()).string();
  const AVCodecID id = codec_of_content(bytes);
  if (id == AV_CODEC_ID_NONE) {
    throw Error(ErrorKind::bad_file,
                fmt::format("'{}' is not a picture that can be read{}", name,
                            bytes.empty() ? " (0 bytes)" : ""),
                {.hint = "expected PNG, JPEG, BMP or TIFF"});
  }
  if (id == AV_CODEC_ID_TIFF) refuse_jpeg_in_tiff(bytes, name);
  const libav::LogCapture log;
  const auto decoder = open_decoder(id, source.path);
  const auto packet = libav::make_packet();
  if (av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0) throw std::bad_alloc();
  std::memcpy(packet->data, bytes.data(), bytes.size());
  auto frame = libav::make_frame();
  int status = avcodec_send_packet(decoder.get(), packet.get());
  if (status >= 0) {
    avcodec_send_packet(decoder.get(), nullptr);
    status = avcodec_receive_frame(decoder.get(), frame.get());
  }
  if (status < 0 || frame->decode_error_flags != 0) {
    throw Error(ErrorKind::bad_file,
                fmt::format("picture '{}' is damaged: {}{}", name,
                            status < 0 ? libav::error_text(status) : "errors while decoding",
                            log.last_in_brackets()));
  }
  if (!log.errors().empty()) complaint = "libav says '" + log.errors().front() + "'";
  return frame;
}

}  // namespace

std::string PictureSource::name() const {
  const std::string file = path.filename().string();
  return page_number > 0 ? fmt::format("{} page {}", file, page_number) : file;
}

std::vector<PictureSource> pictures_of_file(const fs::path& path,
                                            std::vector<std::string>& trouble) {
  const auto tiff = tiff_pages(path);
  // A file without any page goes to the decoder, which says what is wrong with it.
  const bool is_plain = !tiff || tiff->pages.empty() || (tiff->pages.size() == 1 && !tiff->is_big);
  if (tiff && !tiff->trouble.empty()) {
    trouble.push_back(fmt::format("{}: pages behind page {} cannot be read: {}.",
                                  path.filename().string(), tiff->pages.size(), tiff->trouble));
  }
  if (is_plain) return {{.path = path, .page = std::nullopt}};
  std::vector<PictureSource> sources;
  for (const TiffPage& page : tiff->pages)
    sources.push_back({.path = path, .page = page, .page_number = sources.size() + 1});
  return sources;
}

Orientation orientation_of_exif(int value) {
  if (value < 2 || value > 8) return {};
  return {.transpose = value >= 5,
          .mirror_columns = value == 2 || value == 3 || value == 6 || value == 7,
          .mirror_rows = value == 3 || value == 4 || value == 7 || value == 8};
}

int exif_orientation(std::string_view bytes) {
  switch (codec_of_content(bytes)) {
    case AV_CODEC_ID_MJPEG:
      return orientation_in_jpeg(bytes);
    case AV_CODEC_ID_PNG:
      return orientation_in_png(bytes);
    default:
      return tiff_orientation(bytes);  // 1 for all but TIFF
  }
}

Picture read_picture(const PictureSource& source) {
  std::error_code error;
  if (!fs::exists(source.path, error)) {
    throw Error(ErrorKind::not_found,
                fmt::format("picture '{}' does not exist", source.path.string()));
  }
  const std::string bytes = source.page ? tiff_of_page(source.path, *source.page)
                                        : read_file(source.path, kMostPictureBytes);
  Picture picture{.image = {},
                  .orientation = orientation_of_exif(exif_orientation(bytes)),
                  .complaint = is_cut_jpeg(bytes) ? "it is cut short" : ""};
  const auto frame = decode(bytes, source, picture.complaint);
  RgbConverter().convert(*frame, picture.orientation, picture.image);
  return picture;
}

Image read_image(const fs::path& path) {
  std::vector<std::string> trouble;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return read_picture({.path = path}).image;
  return read_picture(pictures_of_file(path, trouble).front()).image;
}

namespace {

/// Codes one picture. @param put  fills the frame, whose buffer is there, and what else it wants
template <class Put>
std::string coded(AVCodecID id, AVPixelFormat format, const Image& image, const fs::path& path,
                  const Put& put) {
  if (image.width <= 0 || image.height <= 0) {
    throw Error(ErrorKind::invalid_value,
                fmt::format("an empty picture cannot be written to '{}'", path.string()));
  }
  const libav::LogCapture log;
  const AVCodec* codec = avcodec_find_encoder(id);
  if (codec == nullptr) {
    throw Error(
        ErrorKind::unavailable,
        fmt::format("the installed libavcodec cannot write {} pictures", avcodec_get_name(id)));
  }
  const libav::Owned<AVCodecContext> encoder(avcodec_alloc_context3(codec));
  const auto frame = libav::make_frame();
  if (!encoder) throw std::bad_alloc();
  frame->width = encoder->width = image.width;
  frame->height = encoder->height = image.height;
  frame->format = encoder->pix_fmt = format;
  encoder->time_base = {1, 1};
  encoder->thread_count = 1;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  put(*encoder, *frame);
  const auto packet = libav::make_packet();
  int status = avcodec_open2(encoder.get(), codec, nullptr);
  if (status >= 0) status = avcodec_send_frame(encoder.get(), frame.get());
  if (status >= 0) status = avcodec_receive_packet(encoder.get(), packet.get());
  if (status < 0) {
    throw Error(ErrorKind::io, fmt::format("picture '{}' cannot be coded: {}{}", path.string(),
                                           libav::error_text(status), log.last_in_brackets()));
  }
  return {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)};
}

/// Y, Cb and Cr of JFIF: BT.601, all of 0 to 255.
std::array<uint8_t, 3> jfif_of(const uint8_t* rgb) {
  const double r = rgb[0], g = rgb[1], b = rgb[2];
  const auto byte = [](double value) {
    return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
  };
  return {byte(0.299 * r + 0.587 * g + 0.114 * b),
          byte(128 - 0.168736 * r - 0.331264 * g + 0.5 * b),
          byte(128 + 0.5 * r - 0.418688 * g - 0.081312 * b)};
}

}  // namespace

void write_png(const Image& image, const fs::path& path) {
  const auto put = [&](AVCodecContext&, AVFrame& frame) {
    for (int row = 0; row < image.height; ++row) {
      std::memcpy(frame.data[0] + static_cast<ptrdiff_t>(row) * frame.linesize[0],
                  image.pixel(row, 0), static_cast<size_t>(image.width) * 3);
    }
  };
  write_file(path, coded(AV_CODEC_ID_PNG, AV_PIX_FMT_RGB24, image, path, put));
}

void write_jpeg(const Image& image, const fs::path& path) {
  const auto put = [&](AVCodecContext& encoder, AVFrame& frame) {
    encoder.flags |= AV_CODEC_FLAG_QSCALE;
    encoder.color_range = AVCOL_RANGE_JPEG;
    encoder.global_quality = frame.quality = 2 * FF_QP2LAMBDA;
    for (int row = 0; row < image.height; ++row) {
      for (int col = 0; col < image.width; ++col) {
        const std::array<uint8_t, 3> colour = jfif_of(image.pixel(row, col));
        for (size_t plane = 0; plane < 3; ++plane)
          frame.data[plane][static_cast<ptrdiff_t>(row) * frame.linesize[plane] + col] =
              colour[plane];
      }
    }
  };
  write_file(path, coded(AV_CODEC_ID_MJPEG, AV_PIX_FMT_YUVJ444P, image, path, put));
}

}  // namespace posse
