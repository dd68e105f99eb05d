#include "results/full_pickle.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;
namespace {
using Kind = PickleValue::Kind;

PickleValue whole(int64_t number) { return {.kind = Kind::integer, .integer = number}; }

/// ceil(log10(num_frames)), as the tool counts: 2 for 100 frames.
int digits_of_keys(int64_t num_frames) {
  int digits = 0;
  for (int64_t most = 1; most < num_frames; most *= 10) ++digits;
  return digits;
}

}  // namespace

fs::path full_pickle_beside(const fs::path& table) {
  return table.parent_path() / (table.stem().string() + "_full.pickle");
}

FullPickleWriter::FullPickleWriter(fs::path path, std::vector<std::string> bodyparts,
                                   int64_t num_frames)
    : path_(std::move(path)),
      bodyparts_(std::move(bodyparts)),
      num_frames_(num_frames),
      key_digits_(digits_of_keys(num_frames)) {}

void FullPickleWriter::put(const std::string& bytes) {
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file_) return;
  throw Error(ErrorKind::io, fmt::format("{}: cannot be written: {}", printable(path_.string()),
                                         std::strerror(errno)));
}

void FullPickleWriter::begin() {
  pending_.emplace(path_);
  file_.open(pending_->temporary(), std::ios::binary);
  put("\x80\x03");
  pickle_.begin_dict();
  pickle_.text("metadata");
  pickle_.begin_dict();
  const auto set = [this](const char* key, const PickleValue& value) {
    pickle_.text(key);
    pickle_.value(value);
    pickle_.set();
  };
  PickleValue indices{.kind = Kind::list};
  PickleValue names{.kind = Kind::list};
  for (const std::string& bodypart : bodyparts_) {
    indices.items.push_back({.kind = Kind::list, .items = {whole(names.items.size())}});
    names.items.push_back({.kind = Kind::text, .text = bodypart});
  }
  set("nms radius", {});
  set("minimal confidence", {});
  set("sigma", whole(1));
  set("PAFgraph", {});
  pickle_.text("PAFinds");
  pickle_.array(std::span<const int64_t>(), std::array<int64_t, 1>{0});
  pickle_.set();
  set("all_joints", indices);
  set("all_joints_names", names);
  set("nframes", whole(num_frames_));
  set("key_str_width", whole(key_digits_));
  pickle_.set();
}

void FullPickleWriter::put_list(std::span<const Keypoint> keypoints, bool of_points) {
  pickle_.begin_list();
  for (const Keypoint& keypoint : keypoints) {
    const bool is_missing = std::isnan(keypoint.x) || std::isnan(keypoint.y);
    const std::array<double, 3> found = {keypoint.x, keypoint.y, keypoint.likelihood};
    std::array<float, 3> values = {-1, -1, -1};
    for (size_t i = 0; !is_missing && i < 3; ++i) values[i] = static_cast<float>(found[i]);
    const std::span<const float> all = values;
    of_points ? pickle_.array(all.first(2), std::array<int64_t, 2>{1, 2})
              : pickle_.array(all.last(1), std::array<int64_t, 2>{1, 1});
    pickle_.append();
  }
}

void FullPickleWriter::append(int64_t frame_index, std::span<const Keypoint> keypoints) {
  if (!pending_) begin();
  // Not through text(), which keeps every text for later.
  put(pickle_.take() + fmt::format("Vframe{:0{}}\n", frame_index, key_digits_));
  pickle_.begin_dict();
  pickle_.text("coordinates");
  pickle_.begin_tuple();
  put_list(keypoints, true);
  pickle_.end_tuple();
  pickle_.set();
  pickle_.text("confidence");
  put_list(keypoints, false);
  pickle_.set();
  pickle_.text("costs");
  pickle_.none();
  pickle_.set();
  pickle_.set();
  put(pickle_.take());
}

void FullPickleWriter::finish() {
  if (!pending_) begin();
  put(std::move(pickle_).finish());
  file_.close();
  if (!file_) put("");
  pending_->commit();
}

}  // namespace posse
