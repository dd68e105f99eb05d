#include "video/image_folder_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/count_text.h"
#include "base/error.h"
#include "base/natural_order.h"
#include "base/paths.h"
#include "base/text.h"
#include "video/image_file.h"

namespace posse {
namespace fs = std::filesystem;
bool has_picture_extension(const fs::path& path) {
  constexpr std::array<std::string_view, 6> kExtensions{".png", ".jpg", ".jpeg",
                                                        ".bmp", ".tif", ".tiff"};
  const std::string extension = ascii_lower(path.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

bool may_hold_frames(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return false;
  const FolderFiles files = files_in(folder);
  return !files.pictures.empty() || !files.videos.empty();
}

bool has_video_extension(const fs::path& path) {
  constexpr std::array<std::string_view, 22> kExtensions{
      ".mp4", ".avi", ".mov",   ".mkv",  ".webm", ".m4v",  ".mpg", ".mpeg", ".wmv", ".flv", ".mts",
      ".ts",  ".ogv", ".mjpeg", ".m2ts", ".asf",  ".h264", ".264", ".hevc", ".mxf", ".3gp", ".qt"};
  return std::ranges::find(kExtensions, ascii_lower(path.extension().string())) !=
         kExtensions.end();
}

FolderFiles files_in(const fs::path& folder) {
  if (const std::string why = why_unreadable(folder); !why.empty()) {
    throw Error(ErrorKind::io,
                fmt::format("folder '{}' cannot be read: {}", printable(folder.string()), why));
  }
  std::error_code error;
  FolderFiles files;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (is_hidden_name(name) || entry->is_directory(ignored)) continue;
    if (has_picture_extension(name)) files.pictures.push_back(entry->path());
    if (has_video_extension(name)) files.videos.push_back(entry->path());
  }
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("folder '{}' cannot be read: {}", folder.string(), error.message()));
  }
  const auto by_name = [](const fs::path& left, const fs::path& right) {
    return naturally_before(left.filename().string(), right.filename().string());
  };
  std::sort(files.pictures.begin(), files.pictures.end(), by_name);
  std::sort(files.videos.begin(), files.videos.end(), by_name);
  return files;
}

namespace {

/// A folder in which pictures are not the main thing is no sequence of pictures.
void check_folder(const fs::path& folder, const FolderFiles& files) {
  if (files.pictures.size() > files.videos.size()) return;
  if (files.videos.empty()) {
    throw Error(ErrorKind::bad_file, fmt::format("folder '{}' holds no pictures", folder.string()),
                {.hint = "expected files ending in png, jpg, jpeg, bmp, tif or tiff"});
  }
  throw Error(
      ErrorKind::bad_file,
      fmt::format("folder '{}' holds {} and {}, and is not taken for a sequence of pictures",
                  folder.string(), count_text(std::ssize(files.videos), "video"),
                  count_text(std::ssize(files.pictures), "picture")),
      {.have = files.videos.front().filename().string() + (files.videos.size() > 1 ? ", ..." : ""),
       .hint = fmt::format("give the videos themselves, as {}/*{}; a folder of pictures "
                           "should hold nothing else",
                           folder.string(), files.videos.front().extension().string())});
}

}  // namespace

ImageFolderReader::ImageFolderReader(const fs::path& path, const FolderFiles& files,
                                     const VideoReaderOptions& options)
    : range_(options.range), next_(options.range.start) {
  check_folder(path, files);
  if (!files.videos.empty()) {
    report_.warnings.push_back(fmt::format(
        "The folder holds {} besides its pictures, which {} not read (first: {}).",
        count_text(std::ssize(files.videos), "video"), files.videos.size() == 1 ? "is" : "are",
        files.videos.front().filename().string()));
  }
  for (const fs::path& file : files.pictures) {
    for (PictureSource& source : pictures_of_file(file, report_.warnings))
      pictures_.push_back(std::move(source));
  }
  const Picture first = read_picture(pictures_.front());
  info_.path = path;
  info_.width = first.image.width;
  info_.height = first.image.height;
  info_.rotation_degrees = first.orientation.rotation_degrees();
  info_.container_num_frames = static_cast<int64_t>(pictures_.size());
  info_.codec = ascii_lower(pictures_.front().path.extension().string());
  if (info_.codec.starts_with('.')) info_.codec.erase(0, 1);
  info_.pixel_format = "rgb24";
  info_.is_image_folder = true;
  report_.num_jumped = std::min(range_.start, *info_.container_num_frames);
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
  const PictureSource& source = pictures_[position];
  try {
    Picture picture = read_picture(source);
    frame.image = std::move(picture.image);
    if (!picture.complaint.empty() && report_.num_corrupt++ == 0)
      first_corrupt_ = fmt::format("{}: {}", source.name(), picture.complaint);
    if (!picture.orientation.is_identity() && num_turned_++ == 0) first_turned_ = source.name();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_file) throw;
    if (report_.num_undecodable++ == 0) first_damaged_ = error.message();
    return false;
  }
  if (frame.image.width != info_.width || frame.image.height != info_.height) {
    report_.broke_off =
        fmt::format("picture '{}' is {}x{}, the first is {}x{}", source.name(), frame.image.width,
                    frame.image.height, info_.width, info_.height);
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
  for (const PictureSource& source : pictures_) names.insert(source.path.filename().string());
  std::vector<std::string> copies;
  for (const PictureSource& source : pictures_) {
    if (source.page_number > 1) continue;
    const fs::path& picture = source.path;
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
    report_.warnings.push_back(fmt::format("The pictures break off after {}: {}.",
                                           count_text(report_.num_decoded, "frame"),
                                           report_.broke_off));
  }
  if (report_.num_corrupt > 0) {
    report_.warnings.push_back(
        fmt::format("{} decoded with errors in the picture, kept (first: {}).",
                    count_text(report_.num_corrupt, "picture"), first_corrupt_));
  }
  if (num_turned_ > 0) {
    report_.warnings.push_back(fmt::format(
        "{} to be shown turned or mirrored (Orientation in EXIF; first: {}), which was "
        "done; programs that ignore this give coordinates in the unturned picture.",
        num_turned_ == 1 ? "1 picture asks" : fmt::format("{} pictures ask", num_turned_),
        first_turned_));
  }
  if (report_.num_undecodable > 0) {
    report_.warnings.push_back(fmt::format(
        "{} of the pictures could not be decoded and {} left out; the first: {}.",
        report_.num_undecodable, report_.num_undecodable == 1 ? "is" : "are", first_damaged_));
  }
}

}  // namespace posse
