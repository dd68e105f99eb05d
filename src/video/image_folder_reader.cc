#include "video/image_folder_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;
bool has_picture_extension(const fs::path& path) {
  constexpr std::array<std::string_view, 6> kExtensions{".png", ".jpg", ".jpeg",
                                                        ".bmp", ".tif", ".tiff"};
  const std::string extension = ascii_lower(path.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> pictures;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (is_hidden_name(name) || !has_picture_extension(name) || entry->is_directory(ignored))
      continue;
    pictures.push_back(entry->path());
  }
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("folder '{}' cannot be read: {}", folder.string(), error.message()));
  }
  std::sort(pictures.begin(), pictures.end(), [](const fs::path& left, const fs::path& right) {
    return naturally_before(left.filename().string(), right.filename().string());
  });
  return pictures;
}

ImageFolderReader::ImageFolderReader(const fs::path& path, std::vector<fs::path> pictures,
                                     const VideoReaderOptions& options)
    : range_(options.range), pictures_(std::move(pictures)), next_(options.range.start) {
  if (pictures_.empty()) {
    throw Error(ErrorKind::bad_file, fmt::format("folder '{}' holds no pictures", path.string()),
                {.hint = "expected files ending in png, jpg, jpeg, bmp, tif or tiff"});
  }
  const Image first = read_image(pictures_.front());
  info_.path = path;
  info_.width = first.width;
  info_.height = first.height;
  info_.container_num_frames = static_cast<int64_t>(pictures_.size());
  info_.codec = ascii_lower(pictures_.front().extension().string()).substr(1);
  info_.pixel_format = "rgb24";
  info_.is_image_folder = true;
}

bool ImageFolderReader::read(VideoFrame& frame) {
  const auto num_pictures = static_cast<int64_t>(pictures_.size());
  while (!is_finished_) {
    if (next_ >= num_pictures || (range_.stop && next_ >= *range_.stop)) {
      report_.reached_end = next_ >= num_pictures;
      finish();
      return false;
    }
    const int64_t index = next_;
    // Without overflow for ranges such as 0:5:9223372036854775807.
    next_ = range_.step > num_pictures ? num_pictures : index + range_.step;
    if (load(frame, static_cast<size_t>(index))) return true;
  }
  return false;
}

bool ImageFolderReader::load(VideoFrame& frame, size_t position) {
  const fs::path& picture = pictures_[position];
  try {
    frame.image = read_image(picture);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) throw;
    if (report_.num_undecodable++ == 0) first_damaged_ = error.message();
    return false;
  }
  if (frame.image.width != info_.width || frame.image.height != info_.height) {
    report_.broke_off =
        fmt::format("picture '{}' is {}x{}, the first is {}x{}", picture.filename().string(),
                    frame.image.width, frame.image.height, info_.width, info_.height);
    finish();
    return false;
  }
  ++report_.num_decoded;
  frame.frame_index = static_cast<int64_t>(position);
  frame.time_seconds = std::numeric_limits<double>::quiet_NaN();
  return true;
}

void ImageFolderReader::warn_of_copies() {
  std::set<std::string> names;
  for (const fs::path& picture : pictures_) names.insert(picture.filename().string());
  std::vector<std::string> copies;
  for (const fs::path& picture : pictures_) {
    const auto original = original_of_copy(picture.stem().string());
    if (original && names.contains(*original + picture.extension().string())) {
      copies.push_back(printable(picture.filename().string()));
    }
  }
  if (copies.empty()) return;
  report_.warnings.push_back(
      fmt::format("Pictures that look like copies of others beside them are frames of their own: "
                  "{}.",
                  list_names(copies, 4)));
}

void ImageFolderReader::finish() {
  is_finished_ = true;
  warn_of_copies();
  if (!report_.broke_off.empty()) {
    report_.warnings.push_back(fmt::format("The pictures break off after {} frames: {}.",
                                           report_.num_decoded, report_.broke_off));
  }
  if (report_.num_undecodable > 0) {
    report_.warnings.push_back(fmt::format(
        "{} of the pictures could not be decoded and {} left out; the first: {}.",
        report_.num_undecodable, report_.num_undecodable == 1 ? "is" : "are", first_damaged_));
  }
}

}  // namespace posse
