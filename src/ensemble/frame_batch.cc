#include "ensemble/frame_batch.h"

#include <algorithm>

namespace posse {

Extent extent_of(const Image& image, const FrameView& view) {
  return extent_seen(view, {image.height, image.width});
}

void fill_batch(const FrameBundle& bundle, std::span<const FrameView> views, size_t first,
                size_t last, std::vector<std::vector<uint8_t>>& pictures, FrameBatch& batch) {
  const Extent seen = extent_of(bundle.frames[first].image, views[first]);
  batch.height = seen.height;
  batch.width = seen.width;
  batch.frames.clear();
  pictures.resize(std::max(pictures.size(), last));
  for (size_t i = first; i < last; ++i) {
    const Image& image = bundle.frames[i].image;
    const bool whole = views[i].is_whole_frame();
    if (!whole) look(image, views[i], pictures[i]);
    batch.frames.push_back(whole ? image.rgb.data() : pictures[i].data());
  }
}

void append_frames(const Tensor& part, Tensor& all) {
  if (part.empty()) return;
  std::vector<float> values(all.values().begin(), all.values().end());
  Shape shape = part.shape();
  if (!all.empty()) shape[0] += all.dim(0);
  values.insert(values.end(), part.values().begin(), part.values().end());
  all = Tensor(shape, values);
}

void cut_to(Tensor& output, size_t num_frames) {
  if (output.empty()) return;
  Shape shape = output.shape();
  const auto per_frame = static_cast<size_t>(output.size() / shape[0]);
  shape[0] = static_cast<int64_t>(num_frames);
  output = Tensor(shape, output.values().first(num_frames * per_frame));
}

}  // namespace posse
