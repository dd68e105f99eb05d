#include "study/members/map_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "keypoints/decode.h"

namespace posse {
namespace {

/// Changes when the same networks and frames would give other maps, or the files another form.
constexpr int kStoreVersion = 1;

std::string hash_of(const std::string& text) {
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

std::string key_of_member(const MemberNetwork& member, const Ensemble& ensemble) {
  return hash_of(fmt::format(
      "{} {} {} {} {} {} {} {} {}", kStoreVersion, member.weights_sha256, to_string(member.rule),
      member.stride(), member.locref_stdev(), static_cast<int>(member.spec.batch_norm_mode),
      member.spec.output_stride, ensemble.backend_name(), input_settings_of(member)));
}

void check_stop(const JobHooks& hooks) {
  if (hooks.stop != nullptr && hooks.stop->requested())
    throw Error(ErrorKind::interrupted, "the same command goes on where it was");
}

std::string bytes_of(const NetworkOutput& output, size_t index) {
  const Shape& shape = output.scoremap_logits.shape();
  const auto cells = static_cast<size_t>(shape[1] * shape[2] * shape[3]);
  const std::array<int32_t, 4> head = {
      static_cast<int32_t>(shape[1]), static_cast<int32_t>(shape[2]),
      static_cast<int32_t>(shape[3]), output.locref.empty() ? 0 : 1};
  std::string bytes(reinterpret_cast<const char*>(head.data()), sizeof(head));
  bytes.append(reinterpret_cast<const char*>(output.scoremap_logits.data() + index * cells),
               cells * sizeof(float));
  if (!output.locref.empty()) {
    bytes.append(reinterpret_cast<const char*>(output.locref.data() + index * 2 * cells),
                 2 * cells * sizeof(float));
  }
  return bytes;
}

/// nullopt for bytes that are no maps.
std::optional<StoredMap> map_from(const std::string& bytes) {
  std::array<int32_t, 4> head{};
  if (bytes.size() < sizeof(head)) return std::nullopt;
  std::memcpy(head.data(), bytes.data(), sizeof(head));
  StoredMap map{.height = head[0], .width = head[1], .num_bodyparts = head[2]};
  const size_t cells =
      static_cast<size_t>(head[0]) * static_cast<size_t>(head[1]) * static_cast<size_t>(head[2]);
  const size_t floats = head[3] != 0 ? 3 * cells : cells;
  if (bytes.size() != sizeof(head) + floats * sizeof(float)) return std::nullopt;
  map.logits.resize(cells);
  map.locref.resize(floats - cells);
  const char* data = bytes.data() + sizeof(head);
  std::memcpy(map.logits.data(), data, cells * sizeof(float));
  if (head[3] != 0)
    std::memcpy(map.locref.data(), data + cells * sizeof(float), 2 * cells * sizeof(float));
  return map;
}

/// Frames of one size and kind one after another, so that networks are compiled once for each.
bool comes_before(const KnownFrame& a, const KnownFrame& b) {
  return std::tuple(a.height, a.width, a.ref.is_picture()) <
         std::tuple(b.height, b.width, b.ref.is_picture());
}
bool runs_with(const KnownFrame& a, const KnownFrame& b) {
  return !comes_before(a, b) && !comes_before(b, a);
}

}  // namespace

std::vector<KnownFrame> know_frames(std::span<const FrameRef> frames, const JobHooks& hooks) {
  std::vector<KnownFrame> known(frames.size());
  Progress progress{.stage = "pictures", .total = static_cast<int64_t>(frames.size())};
  const double start = seconds_now();
  visit_frames(frames, [&](size_t index, Image&& image) {
    check_stop(hooks);
    known[index] = {.ref = frames[index],
                    .sha256 = hash_of_image(image),
                    .width = image.width,
                    .height = image.height};
    ++progress.done;
    progress.elapsed_seconds = seconds_now() - start;
    if (hooks.progress) hooks.progress(progress);
    return true;
  });
  return known;
}

MapStore::MapStore(const Ensemble& ensemble, BlobCache cache, size_t members_at_once)
    : ensemble_(ensemble), cache_(std::move(cache)), members_at_once_(members_at_once) {
  for (const MemberNetwork& member : ensemble.members())
    keys_.push_back(key_of_member(member, ensemble));
}

std::string MapStore::key_of(const KnownFrame& frame, size_t member) const {
  // A frame of a video is cut to the member's box, a labelled picture has been cut already.
  const auto& crop = ensemble_.members()[member].crop;
  std::string box;
  if (crop && !frame.ref.is_picture())
    box = fmt::format("{} {} {} {}", crop->x1, crop->x2, crop->y1, crop->y2);
  return hash_of(fmt::format("{} {} {}", keys_[member], frame.sha256, box));
}

StoredMap MapStore::read(const KnownFrame& frame, size_t member) const {
  const std::optional<std::string> bytes = cache_.read(key_of(frame, member));
  std::optional<StoredMap> map;
  if (bytes) map = map_from(*bytes);
  if (!map) {
    throw Error(ErrorKind::io,
                fmt::format("{}: the maps of {} are gone or damaged", cache_.folder().string(),
                            ensemble_.members()[member].name),
                {.hint = "the same command computes them again"});
  }
  return std::move(*map);
}

void MapStore::run(Ensemble& part, size_t first, std::span<const KnownFrame> frames,
                   Progress& progress, const JobHooks& hooks) {
  // The reader pushes frames and the ensemble pulls them: a batch at a time goes over.
  constexpr size_t kBatch = 64;
  const double start = seconds_now() - progress.elapsed_seconds;
  std::vector<Image> images;
  std::vector<size_t> places;
  const auto run_batch = [&] {
    size_t next = 0;
    part.run({.source =
                  [&](VideoFrame& frame) {
                    if (next == images.size()) return false;
                    frame.frame_index = static_cast<int64_t>(next);
                    frame.image = std::move(images[next++]);
                    return true;
                  },
              .whole_pictures = frames.front().ref.is_picture(),
              .sink =
                  [&](FrameBundle& bundle) {
                    check_stop(hooks);
                    for (size_t i = 0; i < bundle.num_frames; ++i) {
                      const auto place = places[static_cast<size_t>(bundle.frames[i].frame_index)];
                      for (size_t m = 0; m < part.members().size(); ++m)
                        cache_.write(key_of(frames[place], first + m),
                                     bytes_of(bundle.outputs[m], i));
                      progress.done += static_cast<int64_t>(part.members().size());
                    }
                    progress.elapsed_seconds = seconds_now() - start;
                    if (hooks.progress) hooks.progress(progress);
                  }});
    images.clear();
    places.clear();
  };
  std::vector<FrameRef> refs;
  for (const KnownFrame& frame : frames) refs.push_back(frame.ref);
  visit_frames(refs, [&](size_t index, Image&& image) {
    images.push_back(std::move(image));
    places.push_back(index);
    if (images.size() == kBatch) run_batch();
    return true;
  });
  if (!images.empty()) run_batch();
}

int64_t MapStore::fill_chunk(std::span<const KnownFrame> frames, size_t first, size_t last,
                             Progress& progress, const JobHooks& hooks) {
  std::vector<KnownFrame> missing;
  for (const KnownFrame& frame : frames) {
    for (size_t m = first; m < last; ++m) {
      if (map_from(cache_.read(key_of(frame, m)).value_or(""))) continue;
      missing.push_back(frame);
      break;
    }
  }
  const auto members = static_cast<int64_t>(last - first);
  const auto there = static_cast<int64_t>(frames.size() - missing.size()) * members;
  progress.done += there;
  progress.taken_over += there;
  if (missing.empty()) return 0;
  std::stable_sort(missing.begin(), missing.end(), comes_before);
  std::vector<std::filesystem::path> paths;
  for (size_t m = first; m < last; ++m) {
    const auto& path = ensemble_.members()[m].member.path;
    if (paths.empty() || paths.back() != path) paths.push_back(path);
  }
  Ensemble part = Ensemble::open(paths, ensemble_.options());
  POSSE_ASSERT(part.members().size() == last - first);
  for (size_t begin = 0; begin < missing.size();) {
    size_t end = begin + 1;
    while (end < missing.size() && runs_with(missing[begin], missing[end])) ++end;
    run(part, first, std::span(missing).subspan(begin, end - begin), progress, hooks);
    begin = end;
  }
  return static_cast<int64_t>(missing.size()) * members;
}

int64_t MapStore::fill(std::span<const KnownFrame> frames, const JobHooks& hooks) {
  const std::vector<MemberNetwork>& members = ensemble_.members();
  Progress progress{.stage = "networks",
                    .total = static_cast<int64_t>(frames.size() * members.size()),
                    .unit = "maps"};
  int64_t computed = 0;
  for (size_t first = 0; first < members.size();) {
    size_t last = std::min(first + members_at_once_, members.size());
    // Members of one path are opened together.
    while (last < members.size() && members[last].member.path == members[last - 1].member.path)
      ++last;
    computed += fill_chunk(frames, first, last, progress, hooks);
    first = last;
  }
  return computed;
}

}  // namespace posse
