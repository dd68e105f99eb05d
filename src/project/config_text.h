/// Changes config.yaml as text: comments, order, line ends, encoding and style of paths stay.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace posse {

/// The file name in a path as a project writes it, of Windows or another system, without its last
/// suffix: "a" of "C:\\videos\\a.mp4".
std::string stem_of_written_path(std::string_view path);

/// How a video should be named in a project whose video_sets have these keys: where they are all
/// paths of Windows and the video's own path is none, its name in the folder of the last of them;
/// else the video's absolute path.
std::string video_key(const std::vector<std::string>& keys, const std::filesystem::path& video);

/// The text of a config.yaml with one more entry at the end of video_sets: `key`, quoted where YAML
/// wants it, with `crop` ("0, 640, 0, 480"). Everything else stays byte for byte. Block and flow
/// style, an empty video_sets and an absent one are understood.
/// @param name  for messages
/// @throws Error(unsupported) where the result would not be what is meant (it is read again and
/// compared), saying what to add by hand; Error(bad_file) for what is no YAML
std::string with_video_set(const std::string& text, const std::string& name, const std::string& key,
                           const std::string& crop);

}  // namespace posse
