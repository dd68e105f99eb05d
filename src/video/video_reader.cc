#include "video/video_reader.h"

#include <fmt/format.h>

#include "base/error.h"
#include "video/image_folder_reader.h"
#include "video/video_file_reader.h"

namespace posse {
namespace fs = std::filesystem;

std::unique_ptr<VideoReader> open_video(const fs::path& path, const VideoReaderOptions& options) {
  options.range.validate();
  if (path.empty()) throw Error(ErrorKind::usage, "an empty name was given for a video");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorKind::not_found, fmt::format("video '{}' does not exist", path.string()));
  }
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("video '{}' cannot be read: {}", path.string(), error.message()));
  }
  if (fs::is_directory(status))
    return std::make_unique<ImageFolderReader>(path, files_in(path), options);
  if (!fs::is_regular_file(status)) {
    throw Error(ErrorKind::bad_file,
                fmt::format("'{}' is neither a file nor a folder", path.string()));
  }
  if (has_picture_extension(path)) {
    return std::make_unique<ImageFolderReader>(path, FolderFiles{.pictures = {path}, .videos = {}},
                                               options);
  }
  return std::make_unique<VideoFileReader>(path, options);
}

}  // namespace posse
