/// Reads folders of pictures as a VideoReader. Private to src/video; users call open_video.
#pragma once

#include <vector>

#include "video/picture_file.h"
#include "video/video_reader.h"

namespace posse {

/// The files of a folder that may be pictures or videos, in natural order of their names.
struct FolderFiles {
  std::vector<std::filesystem::path> pictures;
  std::vector<std::filesystem::path> videos;
};

/// @throws Error(io)
FolderFiles files_in(const std::filesystem::path& folder);

/// Shows pictures one after another, the pages of a TIFF too. A picture that cannot be decoded is
/// left out and keeps its number; one of another size than the first ends the sequence.
class ImageFolderReader : public VideoReader {
 public:
  /// @param path  for info() and messages. @throws Error(bad_file) if there are no pictures or the
  /// first is damaged.
  ImageFolderReader(const std::filesystem::path& path, const FolderFiles& files,
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
  std::vector<PictureSource> pictures_;
  int64_t num_turned_ = 0;
  std::string first_turned_;
  std::string first_corrupt_;
  int64_t next_ = 0;
  std::string first_damaged_;
  bool is_finished_ = false;
};

}  // namespace posse
