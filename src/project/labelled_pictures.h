/// Recognises pictures that people labelled by where they lie, to tell them from frames of a video.
#pragma once

#include <filesystem>

namespace posse {

/// True for a folder of pictures below a project's "labeled-data", or with labels in it
/// (CollectedData*, machinelabels*), and for one picture in such a folder. DeepLabCut cuts frames
/// when it extracts them for labelling, so that these pictures are cut already.
bool holds_labelled_pictures(const std::filesystem::path& path);

}  // namespace posse
