/// Folders of pictures as VideoReader. Private to src/video; users call open_video.
#pragma once

#include <vector>

#include "video/video_reader.h"

namespace posse {

/// True for names ending in .png, .jpg, .jpeg, .bmp, .tif, .tiff, in any case.
bool has_picture_extension(const std::filesystem::path& path);

/// The pictures of a folder in natural order of their names. @throws Error(not_found, io)
std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& folder);

/// Shows pictures one after another. A picture that cannot be decoded is left out and keeps its
/// number; one of another size than the first ends the sequence.
class ImageFolderReader : public VideoReader {
 public:
  /// @param path  for info() and messages. @throws Error(bad_file) if there are no pictures or the
  /// first is damaged.
  ImageFolderReader(const std::filesystem::path& path, std::vector<std::filesystem::path> pictures,
                    const VideoReaderOptions& options);

  const VideoInfo& info() const override { return info_; }
  const VideoReport& report() const override { return report_; }
  bool read(VideoFrame& frame) override;

 private:
  bool load(VideoFrame& frame, size_t position);
  void finish();
  void warn_of_copies();

  FrameRange range_;
  VideoInfo info_;
  VideoReport report_;
  std::vector<std::filesystem::path> pictures_;
  int64_t next_ = 0;
  std::string first_damaged_;
  bool is_finished_ = false;
};

}  // namespace posse
